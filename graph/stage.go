package graph

import (
	"context"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

// Stage is a stage of a payload.
type Stage struct {
	payload.Stage
	payload *Payload
}

// Failure is why it failed.
func (s *Stage) Failure() *Failure { return failureOf(s.Stage.Failure, s.payload) }

func (s *Stage) key() store.StageKey {
	return store.StageKey{PayloadID: s.payload.ID, Service: s.Service, Source: s.Source}
}

type stageFields struct{ *Resolver }

func (r stageFields) Statuses(ctx context.Context, s *Stage, first *int, after *string, last *int, before *string) (*TimelineConnection, error) {
	page := ofStatuses(ctx, pageOf(first, after, last, before))
	if events, err := s.payload.few(); err != nil {
		return nil, err
	} else if events != nil {
		statuses, err := events.Stage(s.key(), page)
		return timelineConnection(statuses, s.payload), err
	}
	key := keyOf("stages", page)
	if page.After != nil || page.Before != nil {
		key.field += "\x00" + s.Service + "\x00" + s.Source // a cursor is of one stage
	}
	statuses, err := together(s.payload.list, key, func(all []*store.Payload) (map[store.StageKey]*store.StatusPage, error) {
		keys := stageKeys(all)
		if page.After != nil || page.Before != nil {
			all, keys = []*store.Payload{s.payload.Payload}, []store.StageKey{s.key()}
		}
		statuses, err := r.store.StageStatuses(ctx, all, keys, page)
		if err != nil {
			return nil, err
		}
		return statuses, hasRead(ctx, messagesOfPages(statuses))
	})
	if err != nil {
		return nil, err
	}
	return timelineConnection(statuses[s.key()], s.payload), nil
}

func stageKeys(payloads []*store.Payload) []store.StageKey {
	var keys []store.StageKey
	for _, p := range payloads {
		for _, s := range p.Journey.Stages() {
			keys = append(keys, store.StageKey{PayloadID: p.ID, Service: s.Service, Source: s.Source})
		}
	}
	return keys
}
