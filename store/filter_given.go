package store

// A condition that asks for nothing, such as the {eq: null} of a client that
// has no value to look for, means the same as none: to what is listed, to
// cursors, and to how it is found. Given leaves such conditions out.

// Given is the filter without conditions that ask for nothing.
func (f PayloadFilter) Given() PayloadFilter {
	for _, t := range []**Text{
		&f.RequestID, &f.OrgID, &f.Account, &f.InventoryID, &f.SystemID, &f.Service, &f.Source, &f.Status,
		&f.FailedService, &f.FailureMessage, &f.Fingerprint,
	} {
		*t = (*t).given()
	}
	f.Verdict, f.Duration = f.Verdict.given(), f.Duration.given()
	f.StartedAt, f.FailedAt = f.StartedAt.given(), f.FailedAt.given()
	return f
}

// Given is the filter without conditions that ask for nothing.
func (f StatusFilter) Given() StatusFilter {
	for _, t := range []**Text{&f.Service, &f.Source, &f.Status, &f.Message, &f.OrgID, &f.Account, &f.RequestID} {
		*t = (*t).given()
	}
	f.Date = f.Date.given()
	return f
}

// Given is the filter without conditions that ask for nothing.
func (f NumbersFilter) Given() NumbersFilter {
	f.OrgID, f.Service, f.Source = f.OrgID.given(), f.Service.given(), f.Source.given()
	return f
}

// given is nil for a condition that asks for nothing. An empty in asks: for
// nothing that there is. An empty notIn does not.
func (t *Text) given() *Text {
	switch {
	case t == nil || len(t.NotIn) > 0:
		return t
	case t.Eq == nil && t.In == nil && t.Contains == nil:
		return nil
	}
	return &Text{Eq: t.Eq, In: t.In, Contains: t.Contains}
}

func (v *VerdictFilter) given() *VerdictFilter {
	switch {
	case v == nil || len(v.NotIn) > 0:
		return v
	case v.Eq == nil && v.In == nil:
		return nil
	}
	return &VerdictFilter{Eq: v.Eq, In: v.In}
}

func (w *Window) given() *Window {
	if w == nil || *w == (Window{}) {
		return nil
	}
	return w
}

func (r *DurationRange) given() *DurationRange {
	if r == nil || *r == (DurationRange{}) {
		return nil
	}
	return r
}
