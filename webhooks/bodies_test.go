package webhooks_test

import (
	"fmt"
	"net/url"
	"strings"
)

// formCompleted has the members of DocuSeal's event, and values that fill it up.
func formCompleted(n int) []byte {
	body := fmt.Appendf(nil, `{"event_type":"form.completed","timestamp":"2025-06-01T12:00:00.000Z","data":{"id":%d,"submission_id":%d,`+
		`"email":"client%d@example.com","phone":null,"name":"Client %d","ua":"Mozilla/5.0 (X11; Linux x86_64)","ip":"192.0.2.7",`+
		`"sent_at":"2025-06-01T11:00:00.000Z","opened_at":"2025-06-01T11:58:00.000Z","completed_at":"2025-06-01T12:00:00.000Z",`+
		`"declined_at":null,"external_id":"SAL-QTN-%d","status":"completed","role":"Client","metadata":{},`+
		`"preferences":{"send_email":true,"send_sms":false},"submission":{"id":%d,"status":"completed","url":"https://sign.example.com/e/x"},`+
		`"template":{"id":1,"name":"Entente commerciale","external_id":null,"folder_name":"Ventes"},"values":[`,
		n+1, n+1, n, n, n, n+1)
	for field := 0; len(body) < benchBody-120; field++ {
		body = fmt.Appendf(body, `{"field":"Champ %02d","value":"une valeur assez ordinaire"},`, field)
	}
	pad := benchBody - len(body) - len(`{"field":"Note","value":""}]}}`)
	return fmt.Appendf(body, `{"field":"Note","value":"%s"}]}}`, strings.Repeat("x", pad))
}

func documentChanged(n int) []byte {
	return fmt.Appendf(nil, `{"doctype": "Issue", "name": "ISS-2026-%05d", "modified": "2026-11-22 10:%02d:12.%06d", "event": "on_change", `+
		`"status": "Open", "docstatus": 0, "customer": "C-%04d"}`, n%50_000, n/1_000_000, n%1_000_000, n%3000)
}

func smsReceived(n int) []byte {
	return []byte(url.Values{
		"MessageSid": {fmt.Sprintf("SM%032x", n)}, "SmsSid": {fmt.Sprintf("SM%032x", n)}, "SmsMessageSid": {fmt.Sprintf("SM%032x", n)},
		"AccountSid": {"AC" + strings.Repeat("0", 32)}, "From": {fmt.Sprintf("+1514555%04d", n%10_000)}, "To": {"+15145550100"},
		"Body": {"Bonjour, à quelle heure passe le technicien?"}, "NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"},
		"FromCity": {"MONTREAL"}, "FromState": {"QC"}, "FromCountry": {"CA"}, "ToCountry": {"CA"}, "ApiVersion": {"2010-04-01"},
	}.Encode())
}

func smsDelivered(n int) []byte {
	return []byte(url.Values{
		"MessageSid": {fmt.Sprintf("SM%032x", n)}, "SmsSid": {fmt.Sprintf("SM%032x", n)}, "MessageStatus": {"delivered"},
		"SmsStatus": {"delivered"}, "AccountSid": {"AC" + strings.Repeat("0", 32)}, "From": {"+15145550100"},
		"To": {fmt.Sprintf("+1514555%04d", n%10_000)}, "ApiVersion": {"2010-04-01"},
	}.Encode())
}

func mailOpened(n int) []byte {
	event := func(kind string) string {
		return fmt.Sprintf(`{"event":"%s","time":1764600000,"MessageID":%d,"Message_GUID":"00000000-0000-4000-8000-%012d","email":"client%d@example.com",`+
			`"mj_campaign_id":7,"mj_contact_id":9,"customcampaign":"","CustomID":"m-%d","Payload":"","smtp_reply":"250 OK"}`,
			kind, int64(n)+1<<53, n, n, n)
	}
	return []byte("[" + event("sent") + "," + event("open") + "]")
}

func paymentSucceeded(n int) []byte {
	return fmt.Appendf(nil, `{"id":"evt_%012d","object":"event","api_version":"2024-06-20","created":1764600000,"livemode":false,"pending_webhooks":1,`+
		`"request":{"id":null,"idempotency_key":null},"type":"payment_intent.succeeded","data":{"object":{"id":"pi_%012d","object":"payment_intent",`+
		`"amount":8995,"amount_received":8995,"currency":"cad","customer":"cus_%06d","description":"Facture %d","metadata":{"invoice":"ACC-SINV-%d"},`+
		`"payment_method_types":["card"],"status":"succeeded","charges":{"object":"list","data":[%s],"has_more":false}}}}`,
		n, n, n%3000, n, n, `{"id":"ch_1","object":"charge","note":"`+strings.Repeat("x", 600)+`"}`)
}

func truckMoved(n int) []byte {
	return fmt.Appendf(nil, `{"position":{"id":%d,"deviceId":%d,"protocol":"osmand","deviceTime":"2026-11-22T15:%02d:%02d.%03d+00:00",`+
		`"fixTime":"2026-11-22T15:%02d:%02d.%03d+00:00","serverTime":"2026-11-22T15:%02d:%02d.%03d+00:00","outdated":false,"valid":true,`+
		`"latitude":45.5,"longitude":-73.6,"altitude":40,"speed":12.5,"course":180,"accuracy":5,"address":null,"attributes":{"batteryLevel":90,"motion":true}},`+
		`"device":{"id":%d,"uniqueId":"truck-%d","name":"Camion %d","status":"online","category":"van"}}`,
		n, n/3_600_000+1, n/60_000%60, n/1000%60, n%1000, n/60_000%60, n/1000%60, n%1000, n/60_000%60, n/1000%60, n%1000,
		n/3_600_000+1, n/3_600_000+1, n/3_600_000+1)
}
