package rollup

import (
	"iter"
	"time"
)

// Series is a row of buckets in which sums are kept. Questions over a long
// time read wide buckets, so that they cost no more than those over a short
// one.
type Series int16

// The series. Their numbers are stored.
const (
	FiveMinutes Series = iota + 1 // kept for RecentlyKept
	Hours
	Days
	OrgHours // of one organisation each
	OrgDays
)

// RecentlyKept is how long five minutes are kept: twice a day, for the change
// since the day before, and the hour in which it ends.
const RecentlyKept = 50 * time.Hour

// Width of a bucket of the series.
func (s Series) Width() time.Duration {
	switch s {
	case Hours, OrgHours:
		return time.Hour
	case Days, OrgDays:
		return 24 * time.Hour
	case FiveMinutes:
	}
	return Width
}

// ByOrg tells whether the series tells organisations apart.
func (s Series) ByOrg() bool { return s == OrgHours || s == OrgDays }

// Series yields the sum as each series has it; of five minutes those before
// recent are left out. The sums are the caller's to change.
func (s *Sum) Series(recent time.Time) iter.Seq2[Series, *Sum] {
	return func(yield func(Series, *Sum) bool) {
		// Wide buckets are made of narrower ones: there are fewer.
		orgHours := s.in(OrgHours, recent)
		orgDays, hours := orgHours.in(OrgDays, recent), orgHours.in(Hours, recent)
		days := hours.in(Days, recent)
		_ = yield(FiveMinutes, s.in(FiveMinutes, recent)) && yield(Hours, hours) && yield(Days, days) &&
			yield(OrgHours, orgHours) && yield(OrgDays, orgDays)
	}
}

func (s *Sum) in(series Series, recent time.Time) *Sum {
	to := NewSum()
	width := Bucket(series.Width() / Width)
	place := func(bucket Bucket, org string) (Bucket, string, bool) {
		if series == FiveMinutes && bucket.Time().Before(recent) {
			return 0, "", false
		}
		if !series.ByOrg() {
			org = ""
		}
		return bucket - bucket%width, org, true
	}
	for k, c := range s.Stages {
		if bucket, org, ok := place(k.Bucket, k.Org); ok {
			k.Bucket, k.Org = bucket, org
			at(to.Stages, k).Merge(*c)
		}
	}
	for k, c := range s.Handovers {
		if bucket, org, ok := place(k.Bucket, k.Org); ok {
			k.Bucket, k.Org = bucket, org
			at(to.Handovers, k).Merge(*c)
		}
	}
	for k, c := range s.Failures {
		if bucket, org, ok := place(k.Bucket, k.Org); ok {
			f := at(to.Failures, FailureKey{bucket, org, k.Service, k.Source, k.Fingerprint})
			f.Merge(*c)
			if k.Org != "" && !series.ByOrg() {
				f.Orgs.Add(memberSlot(k.Org), c.Total)
			}
		}
	}
	return to
}
