package rest

// Endpoint is what the test of the OpenAPI document sees of a route.
type Endpoint struct {
	Path   string
	Params []string
}

// Endpoints are all the routes below a base.
func Endpoints() []Endpoint {
	h := &handler{config: Config{Archive: ArchiveConfig{Mock: true}}}
	var all []Endpoint
	for _, e := range h.endpoints() {
		all = append(all, Endpoint{e.path, e.params})
	}
	return all
}
