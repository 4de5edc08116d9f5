package slack_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"

	"jari.example/infra/local/slack"
	"jari.example/internal/page/pagetest"
)

// drawing is a PNG of 800 by 360 pixels.
func drawing(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 800, 360))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// uploaded uploads a file and returns its id.
func uploaded(t *testing.T, client *api.Client, content []byte) string {
	t.Helper()
	f, err := client.UploadFile(api.UploadFileParameters{
		Filename: "chart.png", Title: "A chart", AltTxt: "alt", FileSize: len(content), Reader: bytes.NewReader(content),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f.ID
}

func picture(id string) api.MsgOption {
	return api.MsgOptionBlocks(api.NewImageBlockSlackFile(&api.SlackFileObject{ID: id}, "Half of all bookings fail.", "", nil))
}

func TestAnUploadedPictureIsShownInAMessageOnAPhone(t *testing.T) {
	srv, client, id := workspace(t)
	content := drawing(t)
	file := uploaded(t, client, content)
	if _, _, err := client.PostMessage(id, picture(file)); err != nil {
		t.Fatal(err)
	}
	if got := get(t, srv.URL+"/files/"+file); got != string(content) {
		t.Errorf("served %d bytes, want the %d that were uploaded", len(got), len(content))
	}
	tab := pagetest.Phone(t)
	tab.Open(srv.URL + "/channels/incidents")
	var shown struct {
		Natural, Wide float64
		Alt           string
	}
	tab.Eval(`new Promise((done) => { const look = () => { const i = document.querySelector('article img')
		i && i.complete ? done({ natural: i.naturalWidth, wide: i.width, alt: i.alt }) : setTimeout(look, 20) }; look() })`, &shown)
	if shown.Natural != 800 || shown.Wide < 250 || shown.Alt != "Half of all bookings fail." {
		t.Errorf("the page shows %+v", shown)
	}
	if width, _ := tab.Size(); width > 390 {
		t.Errorf("the channel is %d pixels wide", width)
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the page's own policy blocks it: %v", blocked)
	}
}

func TestUploadsFailWithSlacksCodes(t *testing.T) {
	srv, client, id := workspace(t)
	call := func(method string, args ...string) string {
		form := url.Values{"token": {"xoxb-test"}}
		for n := 0; n < len(args); n += 2 {
			form.Set(args[n], args[n+1])
		}
		r, err := http.PostForm(srv.URL+"/api/"+method, form)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		_, code, _ := strings.Cut(b.String(), `"error":"`)
		code, _, _ = strings.Cut(code, `"`)
		return code
	}
	const ask, end = "files.getUploadURLExternal", "files.completeUploadExternal"
	waiting, err := client.GetUploadURLExternalContext(t.Context(), api.GetUploadURLExternalParameters{FileName: "x", FileSize: 3})
	if err != nil {
		t.Fatal(err)
	}
	done := uploaded(t, client, []byte("abc"))
	files := func(id string) string { return `[{"id":"` + id + `"}]` }
	for name, c := range map[string][2]string{
		"no length":           {call(ask, "filename", "x"), "invalid_arguments"},
		"no name":             {call(ask, "length", "3"), "invalid_arguments"},
		"a length in words":   {call(ask, "filename", "x", "length", "three"), "invalid_arguments"},
		"nothing":             {call(ask, "filename", "x", "length", "0"), "missing_argument"},
		"too large":           {call(ask, "filename", "x", "length", "1048577"), "file_upload_size_restricted"},
		"a long description":  {call(ask, "filename", "x", "length", "3", "alt_txt", strings.Repeat("x", 1001)), "alt_txt_too_large"},
		"no files":            {call(end), "invalid_arguments"},
		"no list":             {call(end, "files", "{"), "invalid_arguments"},
		"an empty list":       {call(end, "files", "[]"), "invalid_arguments"},
		"an unknown file":     {call(end, "files", files("F000000000")), "file_not_found"},
		"not uploaded yet":    {call(end, "files", files(waiting.FileID)), "file_not_found"},
		"ended a second time": {call(end, "files", files(done)), "file_not_found"},
		"shared in a channel": {call(end, "files", files(done), "channel_id", id), "invalid_arguments"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: got %q, want %q", name, c[0], c[1])
		}
	}
	upload := func(url, content string) int {
		r, err := http.Post(url, "application/octet-stream", strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		return r.StatusCode
	}
	if got := []int{upload(waiting.UploadURL, "abcd"), upload(waiting.UploadURL, "abc"), upload(waiting.UploadURL, "abc")}; fmt.Sprint(got) != "[400 200 404]" {
		t.Errorf("too much, once and again: %v", got)
	}
	inject(t, srv.URL, `{"method":"files.getUploadURLExternal","refuse":"missing_scope","count":1}`)
	if got := call(ask, "filename", "x", "length", "3"); got != "missing_scope" {
		t.Errorf("without the scope: %s", got)
	}
}

func TestAMessageShowsOnlyAPictureThatIsThere(t *testing.T) {
	srv, client, id := workspace(t)
	post := func(o api.MsgOption) string {
		_, _, err := client.PostMessage(id, o)
		return fmt.Sprint(err)
	}
	block := func(f *api.SlackFileObject, url, alt string) api.MsgOption {
		return api.MsgOptionBlocks(&api.ImageBlock{Type: api.MBTImage, SlackFile: f, ImageURL: url, AltText: alt})
	}
	good := uploaded(t, client, drawing(t))
	for name, o := range map[string]api.MsgOption{
		"an unknown file":            picture("F000000000"),
		"no id of a file":            picture("nonsense"),
		"a text":                     picture(uploaded(t, client, []byte("abc"))),
		"without description":        block(&api.SlackFileObject{ID: good}, "", ""),
		"a file and an address":      block(&api.SlackFileObject{ID: good}, "http://x.example/x.png", "alt"),
		"an id and an address of it": block(&api.SlackFileObject{ID: good, URL: "http://x.example/x.png"}, "", "alt"),
		"neither":                    block(nil, "", "alt"),
		"a description that is long": block(&api.SlackFileObject{ID: good}, "", strings.Repeat("x", 2001)),
	} {
		if got := post(o); got != "invalid_blocks" {
			t.Errorf("%s: %s", name, got)
		}
	}
	inject(t, srv.URL, `{"method":"files.completeUploadExternal","processing":2}`)
	processed := uploaded(t, client, drawing(t))
	if got := post(picture(processed)) + " " + post(picture(processed)) + " " + post(picture(processed)); got != "invalid_blocks invalid_blocks <nil>" {
		t.Errorf("while it is processed: %s", got)
	}
	if got := post(picture(good)); got != "<nil>" {
		t.Errorf("one that was uploaded before: %s", got)
	}
}

func TestTheOldestFilesAreForgotten(t *testing.T) {
	srv, client, id := workspace(t)
	first := uploaded(t, client, drawing(t))
	_, ts, err := client.PostMessage(id, picture(first))
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		uploaded(t, client, []byte("abc"))
	}
	if r, err := http.Get(srv.URL + "/files/" + first); err != nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("%v %v", r, err)
	}
	shows(t, srv.URL, "[image: Half of all bookings fail.]")
	if _, _, _, err := client.UpdateMessage(id, ts, picture(first)); err == nil || err.Error() != "invalid_blocks" {
		t.Errorf("an update with it: %v", err)
	}
}

func TestAnUploadCanBeSlowAndFail(t *testing.T) {
	srv, client, _ := workspace(t)
	inject(t, srv.URL, `{"method":"upload","error":1,"slow":1,"delay_ms":300}`)
	try := func() (time.Duration, error) {
		began := time.Now()
		_, err := client.UploadFile(api.UploadFileParameters{Filename: "x", FileSize: 3, Reader: strings.NewReader("abc")})
		return time.Since(began), err
	}
	if _, err := try(); err == nil {
		t.Error("the failed upload has succeeded")
	} else if status, ok := errors.AsType[api.StatusCodeError](err); !ok || status.Code != http.StatusInternalServerError {
		t.Errorf("the failed upload: %v", err)
	}
	if took, err := try(); err != nil || took < 300*time.Millisecond {
		t.Errorf("the slow upload: %v after %v", err, took)
	}
	for _, wrong := range []string{`{"slow":1}`, `{"delay_ms":5}`, `{"slow":1,"delay_ms":60001}`, `{"slow":1,"delay_ms":-1}`} {
		control(t, srv.URL+"/control/faults", wrong, http.StatusBadRequest)
	}
}

func TestAnUploadURLIsOfTheServerThatWasAsked(t *testing.T) {
	s, err := slack.New(slack.Config{Token: "xoxb-test", Channels: []string{"#incidents"}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "http://127.0.0.2:99/api/files.getUploadURLExternal?filename=x&length=3", nil)
	r.Header.Set("Authorization", "Bearer xoxb-test")
	s.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), "http://127.0.0.2:99/upload/v1/") {
		t.Errorf("got %s", w.Body)
	}
}
