package consumer

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

func TestFetchesShrinkWithTheGrowthOfTheirBatches(t *testing.T) {
	t.Parallel()
	client, err := kgo.NewClient(kgo.FetchMaxBytes(firstFetchBytes), kgo.FetchMaxPartitionBytes(firstFetchBytes/2))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	f := &fetchSizer{}
	f.use(client)
	read := func(times, records, uncompressed, compressed int) int32 {
		for range times {
			f.OnFetchBatchRead(kgo.BrokerMetadata{}, "", 0, kgo.FetchBatchMetrics{
				NumRecords: records, UncompressedBytes: uncompressed, CompressedBytes: compressed,
			})
		}
		return f.asked
	}
	if got := read(1, 3000, 1_000_000, 1_000_000); got != mostFetchBytes {
		t.Errorf("batches as they are: asks for %d", got)
	}
	if got := read(1, 1, 900_000, 9_000); got < 100_000 || got > 200_000 {
		t.Errorf("batches that grow a hundredfold: asks for %d", got)
	}
	if got := read(1, 1, 60<<20, 60_000); got != leastFetchBytes {
		t.Errorf("a bomb: asks for %d", got)
	}
	if got := read(200, 3000, 1_000_000, 1_000_000); got < 6<<20 {
		t.Errorf("back to normal: asks for %d", got)
	}
}

func TestPollsTakeAboutTheSameBytes(t *testing.T) {
	t.Parallel()
	var p pollSizer
	if got := p.size(); got != firstPoll {
		t.Errorf("at first %d", got)
	}
	for _, c := range []struct{ records, bytes, want int }{
		{100, 30_000, mostPoll}, {0, 0, mostPoll}, {2, 1_800_000, 4}, {10, 100_000, 419}, {1, 0, mostPoll},
	} {
		p.learn(c.records, c.bytes)
		if got := p.size(); got != c.want {
			t.Errorf("after %d records of %d bytes: %d, want %d", c.records, c.bytes, got, c.want)
		}
	}
}
