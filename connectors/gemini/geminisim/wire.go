package geminisim

import (
	"encoding/json"
	"net/http"

	"gigafibre.ca/targo-hub/simkit"
)

// Order says what the next requests are told.
type Order struct {
	JSON         json.RawMessage `json:"json,omitempty"` // what was read
	Text         string          `json:"text,omitempty"` // in its place: any text
	Match        string          `json:"match,omitempty"`
	Next         int             `json:"next,omitempty"` // how many requests; 0 for good
	FinishReason string          `json:"finish_reason,omitempty"`
	BlockReason  string          `json:"block_reason,omitempty"`
	ModelVersion string          `json:"model_version,omitempty"`
	NoParts      bool            `json:"no_parts,omitempty"`
	Thought      string          `json:"thought,omitempty"` // a part that is no answer
	carry        bool            // in two requests
	lose         bool            // the second of them is never asked for
}

// Asked is one request as it was taken.
type Asked struct {
	Model    string   `json:"model"`
	Prompt   string   `json:"prompt"`
	Schema   bool     `json:"schema"`
	Thinking string   `json:"thinking,omitempty"`
	Pictures []Sample `json:"pictures"`
	Timeout  string   `json:"server_timeout,omitempty"`
}

// Sample is one picture of a request, without its bytes.
type Sample struct {
	MIME   string `json:"mime"`
	Bytes  int    `json:"bytes"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// request is a body as Google takes it; an unknown member is refused.
type request struct {
	Contents          []content       `json:"contents"`
	SystemInstruction *content        `json:"systemInstruction"`
	SafetySettings    json.RawMessage `json:"safetySettings"`
	ContinuationToken string          `json:"continuationToken"`
	GenerationConfig  generation      `json:"generationConfig"`
}

type content struct {
	Role  string `json:"role"`
	Parts []part `json:"parts"`
}

type part struct {
	Text       string `json:"text,omitempty"`
	Thought    bool   `json:"thought,omitempty"`
	InlineData *blob  `json:"inlineData,omitempty"`
}

type blob struct {
	Data     string `json:"data"`
	MIMEType string `json:"mimeType"`
}

type generation struct {
	MaxOutputTokens    int             `json:"maxOutputTokens"`
	ResponseMIMEType   string          `json:"responseMimeType"`
	ResponseSchema     *schema         `json:"responseSchema"`
	ResponseJSONSchema json.RawMessage `json:"responseJsonSchema"`
	Temperature        *float64        `json:"temperature"`
	TopP               *float64        `json:"topP"`
	TopK               *float64        `json:"topK"`
	CandidateCount     int             `json:"candidateCount"`
	ThinkingConfig     *struct {
		ThinkingBudget  *int   `json:"thinkingBudget"`
		ThinkingLevel   string `json:"thinkingLevel"`
		IncludeThoughts bool   `json:"includeThoughts"`
	} `json:"thinkingConfig"`
}

type schema struct {
	Type             string             `json:"type"`
	Format           string             `json:"format"`
	Description      string             `json:"description"`
	Nullable         bool               `json:"nullable"`
	Enum             []string           `json:"enum"`
	Items            *schema            `json:"items"`
	MinItems         json.RawMessage    `json:"minItems"` // a number, also as text
	MaxItems         json.RawMessage    `json:"maxItems"`
	Minimum          *float64           `json:"minimum"`
	Maximum          *float64           `json:"maximum"`
	Properties       map[string]*schema `json:"properties"`
	PropertyOrdering []string           `json:"propertyOrdering"`
	Required         []string           `json:"required"`
}

type reply struct {
	Candidates     []candidate `json:"candidates,omitempty"`
	PromptFeedback *feedback   `json:"promptFeedback,omitempty"`
	UsageMetadata  usage       `json:"usageMetadata"`
	ModelVersion   string      `json:"modelVersion"`
	ResponseID     string      `json:"responseId"`
}

type candidate struct {
	Content           answered `json:"content"`
	FinishReason      string   `json:"finishReason,omitempty"`
	ContinuationToken string   `json:"continuationToken,omitempty"`
	Index             int      `json:"index"`
}

type answered struct {
	Parts []part `json:"parts,omitempty"`
	Role  string `json:"role"`
}

type feedback struct {
	BlockReason string `json:"blockReason"`
}

type usage struct {
	Prompt     int `json:"promptTokenCount"`
	Candidates int `json:"candidatesTokenCount,omitempty"`
	Thoughts   int `json:"thoughtsTokenCount,omitempty"`
	Total      int `json:"totalTokenCount"`
}

// refuse answers with an error as Google writes it.
func refuse(w http.ResponseWriter, status int, name, message string, details ...any) {
	body := map[string]any{"code": status, "message": message, "status": name}
	if len(details) > 0 {
		body["details"] = details
	}
	simkit.WriteJSON(w, status, map[string]any{"error": body})
}

// answerStatus answers with a status in the shape of the API.
func answerStatus(w http.ResponseWriter, _ *http.Request, status int) {
	names := map[int]string{
		400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
		500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
	}
	if name := names[status]; name != "" {
		refuse(w, status, name, http.StatusText(status))
		return
	}
	page(w, status)
}

// page is what a gateway in front of the API answers.
func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<!DOCTYPE html>\n<html lang=en>\n<title>Error</title>\n<p><b>That’s an error.</b>\n"))
}
