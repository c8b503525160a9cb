package graph

import (
	"context"
	"net/url"
	"strings"

	"github.com/payload-tracker/payload-tracker/store"
)

// LinksConfig says where links lead. What is empty has no link.
type LinksConfig struct {
	ArchiveBase string // of the REST routes; default /api/v1

	KibanaURL          string // the discover page
	KibanaIndex        string
	KibanaServiceField string // default app

	JaegerURL string
}

// Links are addresses outside the API.
type Links struct {
	Archive, Logs string
	payload       *Payload
}

func (c LinksConfig) of(p *Payload) *Links {
	base := c.ArchiveBase
	if base == "" {
		base = "/api/v1"
	}
	id := p.RequestID.String()
	return &Links{
		Archive: strings.TrimSuffix(base, "/") + "/payloads/" + id + "/archiveLink",
		Logs:    c.logs(id),
		payload: p,
	}
}

type linkFields struct{ *Resolver }

// Trace is the payload's own where it was exported as one, else what the
// tracker's traces say of it.
func (r linkFields) Trace(ctx context.Context, l *Links) (*string, error) {
	if r.links.JaegerURL == "" {
		return nil, nil
	}
	traced, err := together(l.payload.list, "traced", func(all []*store.Payload) (map[int64]bool, error) {
		ids := make([]int64, len(all))
		for i, p := range all {
			ids[i] = p.ID
		}
		return r.store.Traced(ctx, ids)
	})
	if err != nil {
		return nil, err
	}
	return new(r.links.trace(l.payload.RequestID.String(), traced[l.payload.ID])), nil
}

// logs is Kibana's discover page with the lines of the last day that name the
// request.
func (c LinksConfig) logs(id string) string {
	if c.KibanaURL == "" {
		return ""
	}
	return c.KibanaURL + "?_g=(filters:!(),refreshInterval:(pause:!t,value:0),time:(from:now-24h,to:now))" +
		"&_a=(columns:!(_source),filters:!(),index:'" + c.KibanaIndex + "',interval:auto,query:(language:lucene,query:'request_id:" +
		id + "'),sort:!('@timestamp',desc))"
}

// trace is Jaeger's page of the trace with the request id, or its list of the
// tracker's traces that carry it.
func (c LinksConfig) trace(id string, own bool) string {
	if own {
		return strings.TrimSuffix(c.JaegerURL, "/") + "/trace/" + id
	}
	tags := url.QueryEscape(`{"request_id":"` + id + `"}`)
	return strings.TrimSuffix(c.JaegerURL, "/") + "/search?lookback=2d&service=payload-tracker&tags=" + tags
}
