package sample

import "time"

// service is one program of the platform: what it says on its way, what it complains about, and how it writes JSON.
type service struct {
	name  string
	write style
	steps []step
	// reasons are the texts of its failures; text.go says what stands in braces.
	reasons []reason
	// formLetter, where there is one, follows a failure's reason as a second failure that says nothing.
	formLetter *reason
	// wholeSeconds marks a service whose dates have no fraction: its events lie at least a second apart here.
	wholeSeconds bool
	// ahead is about how long the service takes to start with the payload.
	ahead time.Duration
}

// step is one status word on the good way. The last step of a service ends its stage.
type step struct {
	source, word string
	texts        []string
	takes        time.Duration
}

type reason struct{ word, text string }

const (
	received   = "received"
	processing = "processing"
	success    = "success"
	failed     = "error"
)

// trunk is what every upload passes, one after the other; a service that fails or stalls ends the journey there.
var trunk = []*service{&ingress, &puptoo, &inventory}

// branches start side by side when the host is in the inventory, each for a share of the uploads.
var branches = []struct {
	service *service
	share   float64
}{
	{&storageBroker, 0.7},
	{&engine, 0.4},
	{&advisor, 0.3},
	{&vulnerability, 0.35},
	{&patchman, 0.45},
}

var ingress = service{
	name: "ingress", write: writeGo, ahead: time.Millisecond,
	steps: []step{
		{"", received, []string{"upload of {n} bytes taken from {agent}"}, 0},
		{"", success, []string{"stored and announced to advisor", "stored and announced to compliance"}, 140 * time.Millisecond},
	},
	reasons: []reason{
		{failed, "no topic for content type application/vnd.redhat.{word}+tgz"},
		{failed, "archive of {n} bytes is larger than the {n} allowed"},
		{failed, "object store at {ip}:9000 does not answer: context deadline exceeded"},
	},
}

var puptoo = service{
	name: "puptoo", write: writePython, ahead: 80 * time.Millisecond,
	steps: []step{
		{"", received, []string{"message taken"}, 0},
		{"", processing, []string{"unpacking {path}", "archive unpacked, {n} files"}, 300 * time.Millisecond},
		{"", success, []string{"facts of {host} sent to inventory"}, 900 * time.Millisecond},
	},
	reasons: []reason{
		{"invalid", "archive has no machine-id: {path}"},
		{failed, "tarfile.ReadError: unexpected end of data at byte {n}"},
		{failed, "OSError: [Errno 28] No space left on device: '{path}'"},
		{failed, "Traceback (most recent call last):\n  File \"/src/puptoo/process.py\", line {n}, in system_profile\n    profile[\"cpu\"] = int(cpus)\nValueError: invalid literal for int() with base 10: ''"},
	},
	formLetter: &reason{"failed", "payload could not be processed"},
}

var inventory = service{
	name: "inventory-mq-service", write: writeInventory, ahead: 60 * time.Millisecond,
	steps: []step{
		{"", received, []string{"message received"}, 0},
		{"", success, []string{"host {host} updated", "host {host} created"}, 120 * time.Millisecond},
	},
	reasons: []reason{
		{failed, "host validation failed: fqdn {host} is longer than 255 characters"},
		{failed, "InputError: display_name of {n} characters, at most 200 allowed"},
		{failed, "OperationalError: connection to server at {ip}, port 5432 failed: timeout expired"},
	},
}

var storageBroker = service{
	name: "storage-broker", write: writePython, ahead: 40 * time.Millisecond,
	steps: []step{
		{"", received, []string{"", "validation response taken"}, 0},
		{"", success, []string{"announced to platform.upload.available", "archive moved to the permanent bucket"}, 90 * time.Millisecond},
	},
	reasons: []reason{
		{failed, "NoSuchKey: archive {uuid} is not in bucket insights-upload-perma"},
		{failed, "not announced: MSG_SIZE_TOO_LARGE, record of {n} bytes"},
	},
}

var engine = service{
	name: "insights-engine", write: writeEngine, ahead: 200 * time.Millisecond,
	steps: []step{
		{"", received, nil, 0},
		{"", processing, []string{"running {n} rules"}, 200 * time.Millisecond},
		{"", success, []string{"{n} rules hit"}, 2 * time.Second},
	},
	reasons: []reason{
		{failed, "rule {word}_{word}|{WORD} raised KeyError: 'installed_rpms'"},
		{failed, "evaluation of {host} took longer than {n} s and was ended"},
	},
	formLetter: &reason{"failed", "engine could not evaluate the archive"},
}

var advisor = service{
	name: "insights-advisor-service", write: writeAdvisor, ahead: 400 * time.Millisecond,
	steps: []step{
		{"inventory", received, []string{"host event taken"}, 0},
		{"insights-client", received, []string{"engine results taken"}, 150 * time.Millisecond},
		{"insights-client", processing, []string{"matching {n} rule hits"}, 60 * time.Millisecond},
		{"insights-client", success, []string{"{n} recommendations stored"}, 500 * time.Millisecond},
	},
	reasons: []reason{
		{"processing_error", "rule content of {word}_{word} is not known, report {uuid} not stored"},
		{failed, "report hook not called: Connection refused by {ip}:8000"},
	},
}

var vulnerability = service{
	name: "vulnerability", write: writeVulnerability, ahead: 500 * time.Millisecond, wholeSeconds: true,
	steps: []step{
		{"", received, []string{"host taken from inventory"}, 0},
		{"", processing, []string{"host has changed", "{n} packages to look up"}, time.Second},
		{"", success, []string{"{n} CVEs evaluated"}, 2 * time.Second},
	},
	reasons: []reason{
		{failed, "vmaas answered 503 after {n} tries, system {uuid} not evaluated"},
		{failed, "system {uuid} of org {org} is not in the database"},
		{failed, "deadlock detected while storing {n} CVEs"},
	},
}

var patchman = service{
	name: "patchman", write: writePatchman, ahead: 700 * time.Millisecond,
	steps: []step{
		{"", received, nil, 0},
		{"", success, []string{"{n} advisories applicable", ""}, 700 * time.Millisecond},
	},
	reasons: []reason{
		{failed, "package {package} is no name-epoch:version-release.arch"},
		{"rejected", "host {uuid} was deleted before its packages were read"},
	},
}
