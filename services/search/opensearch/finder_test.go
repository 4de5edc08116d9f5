package opensearch_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	stdos "os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	os "github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"
	"go.opentelemetry.io/otel"

	"jari.example/internal/fault"
	"jari.example/services/search"
	"jari.example/services/search/indexer"
	"jari.example/services/search/opensearch"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
	"jari.example/telemetry/telemetrytest"
)

// index prepares a new index for the test and publishes it.
func index(t *testing.T) (*os.Client, *opensearch.Index, string) {
	t.Helper()
	c, x, alias := unpublished(t)
	if err := x.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := x.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, x, alias
}

// unpublished returns an index for the test that does not exist yet.
func unpublished(t *testing.T) (*os.Client, *opensearch.Index, string) {
	t.Helper()
	c, err := opensearch.Dial(realpart.Need(t, realpart.OpenSearch))
	if err != nil {
		t.Fatal(err)
	}
	alias := "jari-test-" + uuid.NewString()[:8]
	x := opensearch.NewIndex(c, alias, alias+"-checkpoint")
	t.Cleanup(func() { drop(t, c, alias+"-v1", alias+"-v2", alias+"-checkpoint") })
	return c, x, alias
}

func drop(t *testing.T, c *os.Client, indices ...string) {
	t.Helper()
	req := opensearchapi.IndicesDeleteReq{Indices: indices, Params: opensearchapi.IndicesDeleteParams{IgnoreUnavailable: new(true)}}
	if _, err := os.Do[os.NoBody](context.Background(), c, http.MethodDelete, req, nil); err != nil {
		t.Error(err)
	}
}

func write(r search.Restaurant) indexer.Change {
	return indexer.Change{ID: r.ID, Version: r.Version, Restaurant: &r}
}

func apply(t *testing.T, x *opensearch.Index, changes ...indexer.Change) {
	t.Helper()
	if rejected, err := x.Apply(t.Context(), changes); err != nil || len(rejected) > 0 {
		t.Fatalf("apply: %v, rejected %v", err, rejected)
	}
}

// filled returns a finder over a new index of these restaurants.
func filled(t *testing.T, all []search.Restaurant) search.Finder {
	c, x, alias := index(t)
	var changes []indexer.Change
	for _, r := range all {
		changes = append(changes, write(r))
	}
	apply(t, x, changes...)
	if _, err := x.Versions(t.Context()); err != nil { // it refreshes
		t.Fatal(err)
	}
	return opensearch.NewFinder(c, alias)
}

func TestFinder(t *testing.T) { searchtest.Finder(t, filled) }

func TestANameFindsItsRestaurantFirst(t *testing.T) { searchtest.Names(t, filled) }

func TestAnalyzesKoreanWords(t *testing.T) {
	c, x, alias := index(t)
	other := searchtest.Restaurant("trattoria", 1)
	other.Name, other.Area = search.Text{Ko: "나폴리", En: "Napoli"}, search.Text{Ko: "한남", En: "Hannam"}
	other.Description = search.Text{}
	other.Cuisine = "italian"
	apply(t, x, write(searchtest.Restaurant("bapsang", 1)), write(other))
	if _, err := x.Versions(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := opensearch.NewFinder(c, alias)
	for words, want := range map[string]int{
		"한식": 1, "한식당": 1, "강남": 1, "강남구": 1, "서울의 한식당": 1, "파인다이닝": 1,
		"이탈리안": 1, "이탈리아 한남": 1, "한남의 이탈리안": 1, // its cuisine, which is in English only
		"이탈리안 강남": 0,
		"다이닝":     0, // the dictionary keeps 파인다이닝 whole
		"양식":      0,
		"!!!":     0,
		"의":       0,
	} {
		hits, err := f.Find(t.Context(), search.Query{Words: words, Limit: 5})
		if err != nil || len(hits) != want {
			t.Errorf("%q finds %d, %v; want %d", words, len(hits), err, want)
		}
	}
}

func TestANameScoresHigherThanACuisineSynonym(t *testing.T) {
	c, x, alias := index(t)
	implied := searchtest.Restaurant("a-first-by-id", 1)
	implied.Name = search.Text{Ko: "달빛국밥", En: "Dalbit"}
	implied.Description = search.Text{}
	apply(t, x, write(implied), write(searchtest.Restaurant("bapsang", 1)))
	if _, err := x.Versions(t.Context()); err != nil {
		t.Fatal(err)
	}
	hits, err := opensearch.NewFinder(c, alias).Find(t.Context(), search.Query{Words: "한식", Limit: 5})
	if err != nil || len(hits) != 2 || hits[0].Restaurant.ID != "bapsang" {
		t.Errorf("found %+v, %v", hits, err)
	}
}

func TestAMissingIndexIsUnavailable(t *testing.T) {
	c, _, alias := index(t)
	_, err := opensearch.NewFinder(c, alias+"-other").Find(t.Context(), search.Query{Limit: 1})
	if f := fault.Of(err); f.Code != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("got %v, want unavailable with RetryAfter", err)
	}
}

// bound reserves a port without listening on it: connections are refused, and no
// other program can use the port before listen is called.
func bound(t *testing.T) (address string, listen func() net.Listener) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	socket := stdos.NewFile(uintptr(fd), "bound")
	t.Cleanup(func() { _ = socket.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address = net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*syscall.SockaddrInet4).Port))
	return address, func() net.Listener {
		if err := syscall.Listen(fd, 16); err != nil {
			t.Fatal(err)
		}
		l, err := net.FileListener(socket)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

func TestUsesARecoveredServerAtOnce(t *testing.T) {
	address, listen := bound(t)
	c, err := opensearch.Dial("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	f := opensearch.NewFinder(c, "any")
	for range 5 {
		began := time.Now()
		_, err = f.Find(t.Context(), search.Query{Limit: 1})
		if f := fault.Of(err); f == nil || f.Code != fault.Unavailable || f.RetryAfter == 0 {
			t.Errorf("got %v, want unavailable with RetryAfter", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the error took %v", took)
		}
	}
	l := listen()
	back := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = w.Write([]byte(`{"hits":{"hits":[]}}`))
	})}
	go func() { _ = back.Serve(l) }()
	defer back.Close()
	if _, err := f.Find(t.Context(), search.Query{Limit: 1}); err != nil {
		t.Errorf("after recovery: %v", err)
	}
}

func TestASearchInsideATraceHasASpan(t *testing.T) {
	rec := telemetrytest.Start(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = w.Write([]byte(`{"hits":{"hits":[]}}`))
	}))
	defer s.Close()
	c, err := opensearch.Dial(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := opensearch.NewFinder(c, "any")
	ctx, span := otel.Tracer("test").Start(t.Context(), "request")
	for _, ctx := range []context.Context{t.Context(), ctx} {
		if _, err := f.Find(ctx, search.Query{Limit: 1}); err != nil {
			t.Fatal(err)
		}
	}
	span.End()
	if n := len(rec.Spans()); n != 2 {
		t.Errorf("%d spans, want the request's and the search's within", n)
	}
	got := rec.Span(t, "search")
	if telemetrytest.Attr(got, names.PeerService) != "opensearch" || telemetrytest.Attr(got, names.DBSystem) != "opensearch" {
		t.Errorf("attributes %v", got.Attributes())
	}
}
