package geminisim

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/simkit"
)

func (s *Sim) listModels(w http.ResponseWriter, _ *http.Request) {
	all := []any{}
	for _, name := range s.opts.Models {
		all = append(all, describe(name))
	}
	simkit.WriteJSON(w, http.StatusOK, map[string]any{"models": all})
}

func (s *Sim) showModel(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("model")
	if _, ok := s.model(name); !ok {
		noModel(w, name)
		return
	}
	simkit.WriteJSON(w, http.StatusOK, describe(name))
}

func describe(name string) map[string]any {
	return map[string]any{
		"name": "models/" + name, "version": "001", "displayName": name, "inputTokenLimit": 1048576, "outputTokenLimit": 65536,
		"supportedGenerationMethods": []string{"generateContent", "countTokens"},
	}
}

// model finds which one answers for a name.
func (s *Sim) model(name string) (answers string, ok bool) {
	if to := s.opts.Routed[name]; to != "" {
		return to, true
	}
	return name, slices.Contains(s.opts.Models, name)
}

func noModel(w http.ResponseWriter, name string) {
	refuse(w, http.StatusNotFound, "NOT_FOUND", "models/"+name+" is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.")
}

func (s *Sim) generate(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, nil)
}

// answer checks a request and answers it, by the order given or by the first that
// fits.
func (s *Sim) answer(w http.ResponseWriter, r *http.Request, forced *Order) {
	name, method, _ := strings.Cut(r.PathValue("call"), ":")
	if name == "" { // a fault met the request before the routes did
		name, method, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/v1beta/models/"), ":")
	}
	model, known := s.model(name)
	if method != "generateContent" || !known {
		noModel(w, name)
		return
	}
	in, asked, err := s.read(r, model)
	if err != nil {
		refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", err.Error())
		return
	}
	asked.Model = name
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked = append(s.asked, asked); len(s.asked) > keptAsked {
		s.asked = s.asked[1:]
	}
	if in.ContinuationToken != "" {
		rest, ok := s.pending[in.ContinuationToken]
		delete(s.pending, in.ContinuationToken)
		if !ok {
			refuse(w, http.StatusBadRequest, "INVALID_ARGUMENT", "Invalid continuation token.")
			return
		}
		simkit.WriteJSON(w, http.StatusOK, s.reply(model, in, Order{Text: rest}))
		return
	}
	order := Order{}
	if forced != nil {
		order = *forced
	} else {
		order = s.order(asked.Prompt)
	}
	if order.Text == "" && order.JSON == nil && in.GenerationConfig.ResponseSchema != nil {
		order.JSON, _ = json.Marshal(in.GenerationConfig.ResponseSchema.empty())
	}
	simkit.WriteJSON(w, http.StatusOK, s.reply(model, in, order))
}

// order takes the first that fits a prompt; one that holds for good is found last
// given first. The caller holds the lock.
func (s *Sim) order(prompt string) Order {
	found := -1
	for i, o := range s.orders {
		if o.Match != "" && !strings.Contains(strings.ToLower(prompt), strings.ToLower(o.Match)) {
			continue
		}
		if found = i; o.Next > 0 {
			break
		}
	}
	if found < 0 {
		return Order{}
	}
	o := s.orders[found]
	if o.Next > 0 {
		if s.orders[found].Next--; s.orders[found].Next == 0 {
			s.orders = slices.Delete(s.orders, found, found+1)
		}
	}
	return o
}

// reply writes what an order says. The caller holds the lock.
func (s *Sim) reply(model string, in request, o Order) reply {
	text := o.Text
	if o.JSON != nil {
		text = string(o.JSON)
	}
	out := reply{ModelVersion: model, ResponseID: "sim-" + strconv.Itoa(len(s.asked)), UsageMetadata: usage{Prompt: 258 * len(in.Contents[0].Parts)}}
	if o.ModelVersion != "" {
		out.ModelVersion = o.ModelVersion
	}
	if o.BlockReason != "" {
		out.PromptFeedback = &feedback{o.BlockReason}
		out.UsageMetadata.Total = out.UsageMetadata.Prompt
		return out
	}
	c := candidate{Content: answered{Role: "model"}, FinishReason: "STOP"}
	if o.FinishReason != "" {
		c.FinishReason = o.FinishReason
	}
	if o.carry {
		half := len(text) / 2
		c.FinishReason = "CONTINUATION"
		if !o.lose {
			c.ContinuationToken = base64.StdEncoding.EncodeToString([]byte(out.ResponseID))
			s.pending[c.ContinuationToken] = text[half:]
		}
		text = text[:half]
	}
	if o.Thought != "" {
		c.Content.Parts = append(c.Content.Parts, part{Text: o.Thought, Thought: true})
		out.UsageMetadata.Thoughts = len(o.Thought)/4 + 1
	}
	if !o.NoParts {
		c.Content.Parts = append(c.Content.Parts, part{Text: text})
		out.UsageMetadata.Candidates = len(text)/4 + 1
	}
	out.Candidates = []candidate{c}
	out.UsageMetadata.Total = out.UsageMetadata.Prompt + out.UsageMetadata.Candidates + out.UsageMetadata.Thoughts
	return out
}

// empty is the emptiest value of a schema.
func (s *schema) empty() any {
	switch s.Type {
	case "OBJECT":
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = s.Properties[name].empty()
		}
		return out
	case "ARRAY":
		return []any{}
	case "NUMBER", "INTEGER":
		return 0
	case "BOOLEAN":
		return false
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	return ""
}
