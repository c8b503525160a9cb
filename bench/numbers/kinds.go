package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/payload-tracker/payload-tracker/payload"
	"github.com/payload-tracker/payload-tracker/store"
)

const (
	kindOrgs   = 300
	kindsDaily = 30 // failures of a kind in a day; in the last ones each hour has some, of most organisations
	kindsNow   = 600
	kindsDense = 2 // days
)

// addKinds adds failures to the rollups: so many kinds, all of them each day and hour, in many organisations.
func addKinds(ctx context.Context, db *store.Store, dsn string, kinds int) error {
	adder, err := newAdder(ctx, db, dsn)
	if err != nil {
		return err
	}
	defer adder.close()
	random, number := rand.New(rand.NewPCG(1, 2)), int64(0)
	for day, now := 0, time.Now().UTC(); day < int(reach/(24*time.Hour)); day++ {
		c, many := newCounter(adder.payloads), kindsDaily
		if day < kindsDense {
			many = kindsNow
		}
		for kind := range kinds {
			for range many {
				number++
				c.count(number, payload.Event{
					RequestID: payload.RequestID{1}, Service: fmt.Sprintf("service-%d", kind%8), Status: "error",
					Date:  now.AddDate(0, 0, -day-1).Add(time.Duration(random.Int64N(int64(24 * time.Hour)))),
					OrgID: fmt.Sprint(20_000_000 + random.IntN(kindOrgs)),
					Message: fmt.Sprintf("%sError: %s of host node-%05x.prod.example.net is longer than %d characters",
						letters(kind), letters(kind+1), number, 100+number%200),
				})
			}
		}
		if err := adder.add(ctx, c.sum.AppendBinary(nil)); err != nil {
			return err
		}
	}
	return db.FoldRollups(ctx)
}

// letters spell a number without digits, which would be a detail.
func letters(n int) string {
	word := []byte("Kaaa")
	for i := len(word) - 1; n > 0; i, n = i-1, n/26 {
		word[i] = byte('a' + n%26)
	}
	return string(word)
}
