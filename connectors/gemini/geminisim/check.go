package geminisim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	_ "image/jpeg" // pictures are looked at
	_ "image/png"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxRequest is how long a request may be.
const maxRequest = 20 << 20

// keyed lets nobody in without the key.
func (s *Sim) keyed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("X-Goog-Api-Key")
		if key == "" {
			key = r.URL.Query().Get("key")
		}
		switch key {
		case s.opts.APIKey:
			h.ServeHTTP(w, r)
		case "":
			refuse(w, http.StatusForbidden, "PERMISSION_DENIED", "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.")
		default:
			badKey(w)
		}
	})
}

func badKey(w http.ResponseWriter) {
	refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
		map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": map[string]string{"service": "generativelanguage.googleapis.com"}},
		map[string]any{"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": "API key not valid. Please pass a valid API key."})
}

// read takes a request apart; the error is Google's sentence.
func (s *Sim) read(r *http.Request, model string) (request, Asked, error) {
	var in request
	if r.Header.Get("Content-Type") == "" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return in, Asked{}, says("Invalid content type: application/json is expected.")
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil || len(raw) > maxRequest {
		return in, Asked{}, says("Request payload size exceeds the limit: 20971520 bytes.")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return in, Asked{}, says("Invalid JSON payload received. %s: Cannot find field.", strings.TrimPrefix(err.Error(), "json: "))
	}
	asked := Asked{Model: model, Schema: in.GenerationConfig.ResponseSchema != nil, Pictures: []Sample{}, Timeout: r.Header.Get("X-Server-Timeout")}
	if err := checkGeneration(in.GenerationConfig, model, &asked); err != nil {
		return in, asked, err
	}
	return in, asked, checkContents(in.Contents, &asked)
}

func checkContents(contents []content, asked *Asked) error {
	if len(contents) == 0 {
		return says("* GenerateContentRequest.contents: contents is not specified\n")
	}
	for _, c := range contents {
		if c.Role != "" && c.Role != "user" && c.Role != "model" {
			return says("Please use a valid role: user, model.")
		}
		if len(c.Parts) == 0 {
			return says("* GenerateContentRequest.contents[0].parts: contents.parts must not be empty.\n")
		}
		for i, p := range c.Parts {
			switch {
			case p.InlineData != nil:
				sample, err := look(*p.InlineData)
				if err != nil {
					return err
				}
				asked.Pictures = append(asked.Pictures, sample)
			case p.Text == "":
				return says("* GenerateContentRequest.contents[0].parts[%d].data: required oneof field 'data' must have one initialized field\n", i)
			}
			asked.Prompt += p.Text
		}
	}
	return nil
}

// look checks a picture as far as the standard library can see it.
func look(b blob) (Sample, error) {
	raw, err := base64.StdEncoding.DecodeString(b.Data)
	if err != nil {
		return Sample{}, says("Invalid value at 'contents[0].parts[0].inline_data.data' (TYPE_BYTES), Base64 decoding failed")
	}
	if !slices.Contains([]string{"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"}, b.MIMEType) {
		return Sample{}, says("Unsupported MIME type: %s", b.MIMEType)
	}
	sample := Sample{MIME: b.MIMEType, Bytes: len(raw)}
	if b.MIMEType == "image/jpeg" || b.MIMEType == "image/png" {
		c, _, err := image.DecodeConfig(bytes.NewReader(raw))
		if err != nil {
			return sample, says("Unable to process input image. Please retry or report in https://developers.generativeai.google/guide/troubleshooting")
		}
		sample.Width, sample.Height = c.Width, c.Height
	}
	return sample, nil
}

func checkGeneration(g generation, model string, asked *Asked) error {
	if g.ResponseSchema != nil && len(g.ResponseJSONSchema) > 0 {
		return says("Only one of response_schema and response_json_schema may be set.")
	}
	if g.ResponseSchema != nil {
		if g.ResponseMIMEType != "application/json" {
			return says("Function calling config or response schema is set without setting response mime type to application/json: '%s'", g.ResponseMIMEType)
		}
		if err := g.ResponseSchema.check("generation_config.response_schema"); err != nil {
			return err
		}
	}
	t := g.ThinkingConfig
	if t == nil {
		return nil
	}
	asked.Thinking = t.ThinkingLevel
	if t.ThinkingBudget != nil {
		asked.Thinking += strconv.Itoa(*t.ThinkingBudget)
	}
	old := strings.HasPrefix(model, "gemini-2")
	switch {
	case t.ThinkingBudget != nil && t.ThinkingLevel != "":
		return says("You can only set only one of thinking budget and thinking level.")
	case old && t.ThinkingLevel != "":
		return says("Thinking level is not supported for this model.")
	case t.ThinkingLevel != "" && !slices.Contains([]string{"MINIMAL", "LOW", "MEDIUM", "HIGH"}, t.ThinkingLevel):
		return says("Invalid value at 'generation_config.thinking_config.thinking_level': %q", t.ThinkingLevel)
	case strings.HasPrefix(model, "gemini-3.8") && t.ThinkingLevel == "MINIMAL":
		return says("Thinking level MINIMAL is not supported for this model. Please retry with other thinking level.")
	}
	return nil
}

// check refuses what is no schema of Google's.
func (s *schema) check(at string) error {
	switch s.Type {
	case "OBJECT":
		if len(s.Properties) == 0 {
			return says("* GenerateContentRequest.%s.properties: should be non-empty for OBJECT type\n", at)
		}
		for _, name := range append(append([]string{}, s.Required...), s.PropertyOrdering...) {
			if s.Properties[name] == nil {
				return says("* GenerateContentRequest.%s.required: property %q is not defined\n", at, name)
			}
		}
		for name, p := range s.Properties {
			if err := p.check(at + ".properties[" + name + "]"); err != nil {
				return err
			}
		}
	case "ARRAY":
		if s.Items == nil {
			return says("* GenerateContentRequest.%s.items: missing field.\n", at)
		}
		return s.Items.check(at + ".items")
	case "STRING", "NUMBER", "INTEGER", "BOOLEAN":
	default:
		return says("Invalid value at '%s.type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), %q", at, s.Type)
	}
	return nil
}

// sentence is a refusal in Google's own words, capitals, full stops and all.
type sentence string

// Error gives the sentence.
func (s sentence) Error() string { return string(s) }

func says(format string, values ...any) error { return sentence(fmt.Sprintf(format, values...)) }
