package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The parts of a process that must be well for it to do its work.
const (
	partProcess    = "process"    // it is not about to end
	partDatabase   = "database"   // it answers
	partSchema     = "schema"     // its version is one that this binary works on
	partAssignment = "assignment" // the consumer has its partitions, and takes in what comes; only of those that consume
)

// parts are those that this process has.
func (a *app) parts() []string {
	parts := []string{partProcess, partDatabase, partSchema}
	if a.consumer != nil {
		parts = append(parts, partAssignment)
	}
	return parts
}

// reasons say what the process is not ready for, by part; empty when it is ready.
func (a *app) reasons(ctx context.Context) map[string]string {
	reasons := map[string]string{}
	if a.leaving.Load() {
		reasons[partProcess] = "it is ending: ask another one"
	}
	database, schema := a.store.Condition(ctx)
	if database != nil {
		reasons[partDatabase] = database.Error()
	}
	if schema != nil {
		reasons[partSchema] = schema.Error()
	}
	if a.consumer != nil {
		if err := a.consumer.Ready(); err != nil {
			reasons[partAssignment] = err.Error()
		}
	}
	return reasons
}

const readyFresh = 5 * time.Second

// readyGauges say the same to Prometheus.
func (a *app) readyGauges() prometheus.Collector {
	ready := gaugeDesc("ready", "1 while a part of this process is well, else 0: process, database, schema, and assignment where it consumes. /readyz says the reason.", "part")
	return &gauges[map[string]string]{
		what: "whether the process is well", log: a.log,
		descs: []*prometheus.Desc{ready}, fresh: readyFresh,
		read: func(ctx context.Context) (map[string]string, error) { return a.reasons(ctx), nil },
		send: func(reasons map[string]string, send sendGauge) {
			for _, part := range a.parts() {
				value := 1.0
				if reasons[part] != "" {
					value = 0
				}
				send(ready, value, part)
			}
		},
	}
}

// livez says that the process answers at all. It asks nobody else: a database that is away is no reason to restart.
func livez(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"live": true})
}

// readyz says whether the process can do its work, and if not, why.
func (a *app) readyz(w http.ResponseWriter, r *http.Request) {
	reasons := a.reasons(r.Context())
	if len(reasons) > 0 {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "reasons": reasons})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ready": true})
}

func writeJSON(w http.ResponseWriter, status int, value map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller has gone: nobody to tell
}
