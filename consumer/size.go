package consumer

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	firstFetchBytes = 1 << 20  // asked for before anything is known of the records
	leastFetchBytes = 64 << 10 // what a broker is asked for at least
	mostFetchBytes  = 8 << 20  // and at most
	fetchMemory     = 16 << 20 // of the records of one fetch, decompressed
	recordMemory    = 256      // of one record beside its bytes
	pollBytes       = 4 << 20  // of the values that one poll takes, about
	firstPoll       = 200      // records, before anything is known of them
	leastPoll       = 4
	mostPoll        = 4000 // the writer gets a first batch early, and polling costs nothing
)

// fetchSizer bounds the memory of fetches: a broker counts the bytes it
// sends, and compressed JSON grows tenfold. So less is asked for, the more
// the batches grow.
type fetchSizer struct {
	mu     sync.Mutex
	client *kgo.Client
	growth float64 // memory of a fetched byte
	asked  int32
}

// OnFetchBatchRead learns from a batch; it is called by the client.
func (f *fetchSizer) OnFetchBatchRead(_ kgo.BrokerMetadata, _ string, _ int32, batch kgo.FetchBatchMetrics) {
	if batch.CompressedBytes == 0 {
		return
	}
	growth := float64(batch.UncompressedBytes+batch.NumRecords*recordMemory) / float64(batch.CompressedBytes)
	f.mu.Lock()
	defer f.mu.Unlock()
	// A greater growth counts at once, a lesser one little by little.
	f.growth = max(growth, 0.9*f.growth+0.1*growth)
	size := int32(min(max(fetchMemory/f.growth, leastFetchBytes), mostFetchBytes))
	if f.client != nil && (size < f.asked-f.asked/4 || size > f.asked+f.asked/4) {
		f.asked = size
		f.client.UpdateFetchMaxBytes(size, size/2)
	}
}

// use sets the client whose fetches are sized.
func (f *fetchSizer) use(client *kgo.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.client, f.asked = client, firstFetchBytes
}

// pollSizer bounds the bytes that one poll takes, by what the last brought.
type pollSizer struct{ next int }

func (p *pollSizer) size() int {
	if p.next == 0 {
		return firstPoll
	}
	return p.next
}

func (p *pollSizer) learn(records, bytes int) {
	if records > 0 {
		p.next = min(max(pollBytes/max(bytes/records, 1), leastPoll), mostPoll)
	}
}
