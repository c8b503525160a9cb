package store_test

import (
	"testing"

	"github.com/payload-tracker/payload-tracker/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, storetest.NoLeaks()) }
