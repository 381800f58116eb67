package main

import "time"

// fieldProbes asks for all that a technician does from a telephone, and for what
// lets people in. What has to do with signing out is asked without proof: it would
// end the probing.
func fieldProbes(a aims) map[string][]attempt {
	at := time.Now().UTC().Format(time.RFC3339)
	mutations := func(list ...m) attempt {
		for i, each := range list {
			each["seq"], each["at"] = i+1, at
		}
		return attempt{body: m{"sent_at": at, "mutations": list}}
	}
	const upload = "/field/uploads/none0000"
	return map[string][]attempt{
		"GET /field/context": {{}}, "GET /field/jobs": {{}}, "GET /field/jobs/{name}": {{path: "/field/jobs/" + a.mine}}, "GET /field/photos/{job}/{row}": {{path: "/field/photos/" + a.mine + "/none"}},
		"POST /field/mutations": {mutations(
			m{"id": "probe-0001", "job": a.mine, "kind": "note", "data": m{"text": "Facture soumise"}},
			m{"id": "probe-0002", "job": a.mine, "kind": "status", "data": m{"status": "In Progress"}},
			m{"id": "probe-0003", "job": a.mine, "kind": "status", "data": m{"status": "Completed"}},
			m{"id": "probe-0004", "job": a.mine, "kind": "flow_step", "data": m{"docstatus": 1}},
			m{"id": "probe-0005", "job": a.only, "kind": "status", "data": m{"status": "Completed"}},
		)},
		"POST /field/uploads": {{}}, "GET /field/uploads/{id}": {{path: upload}}, "PATCH /field/uploads/{id}": {{path: upload}},
		"DELETE /field/uploads/{id}": {{path: upload}},
		"GET /j/":                    {{}}, "GET /j/offline": {{}}, "GET /j/scan": {{}}, "GET /j/sw.js": {{}}, "GET /j/manifest.webmanifest": {{}},
		"GET /j/{jwt}": {{path: "/j/none"}}, "POST /j/{jwt}": {{path: "/j/none"}}, "GET /t/{jwt}": {{path: "/t/none"}},
		"GET /j/assets/{version}/{file}": {{path: "/j/assets/none/none.css"}}, "GET /j/device/{serial}": {{path: "/j/device/ZZ12345678"}},
		"GET /j/job/{name}": {{path: "/j/job/" + a.mine}}, "POST /j/job/{name}/{kind}": {{path: "/j/job/" + a.mine + "/status"}, {path: "/j/job/" + a.mine + "/note"}},
		"GET /otp": {{path: "/otp?purpose=tech"}}, "POST /otp": {{}},
		"POST /otp/send":           {{body: m{"identifier": "514-555-0107", "purpose": "tech"}}},
		"POST /otp/verify":         {{body: m{"identifier": "514-555-0107", "code": "000000", "purpose": "tech"}}},
		"POST /otp/tech-link":      {{body: m{"technician": a.tech, "job": a.mine, "send": true}}},
		"POST /magic-link/refresh": {{body: m{"job": a.mine}}},
		"POST /auth/token":         {{body: m{}}}, "POST /auth/revoke": {{body: m{"jti": "none"}}},
		"GET /auth/logout": {{}}, "POST /auth/logout": {{}}, "GET /logout": {{}}, "POST /logout": {{}},
		"POST /vision/barcodes": {{body: m{"image": dot}}}, "POST /vision/equipment": {{body: m{"image": dot}}},
		"POST /vision/invoice": {{body: m{"image": dot, "draft": true, "docstatus": 1}}},
		"POST /equipment":      {{body: m{"equipment_type": "ONT", "brand": "Fibrelux", "model": "FX-2", "serial_number": "ZZ12345678"}}},
		"POST /equipment/link": {{body: m{"equipment": "ZZ12345678", "job": a.mine}}}, "GET /equipment/lookup": {{path: "/equipment/lookup?code=ZZ12345678"}},
		"POST /equipment/swap": {{body: m{"old": "ZZ12345678", "new": "ZZ12345679", "job": a.mine}}}, "GET /device/{serial}": {{path: "/device/ZZ12345678"}},
	}
}

// dot is a picture of one point.
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
