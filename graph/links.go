package graph

import (
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
type Links struct{ Archive, Logs, Trace string }

func (c LinksConfig) of(p *store.Payload) *Links {
	base := c.ArchiveBase
	if base == "" {
		base = "/api/v1"
	}
	id := p.RequestID.String()
	return &Links{
		Archive: strings.TrimSuffix(base, "/") + "/payloads/" + id + "/archiveLink",
		Logs:    c.logs(id),
		Trace:   c.trace(id),
	}
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

// trace is Jaeger's list of the traces that carry the request id.
func (c LinksConfig) trace(id string) string {
	if c.JaegerURL == "" {
		return ""
	}
	tags := url.QueryEscape(`{"request_id":"` + id + `"}`)
	return strings.TrimSuffix(c.JaegerURL, "/") + "/search?lookback=2d&service=payload-tracker&tags=" + tags
}
