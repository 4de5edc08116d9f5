package mailbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/infra/local/mailbox"
	"jari.example/telemetry/names/realpart"
)

const korean = "From: =?utf-8?b?7J6Q66as?= <no-reply@jari.example>\r\nTo: %s\r\n" +
	"Subject: =?utf-8?b?7JiI7JW9IO2ZleyduA==?=\r\nDate: %s\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=BB\r\n\r\n" +
	"--BB\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n7JiI7JW9\r\n" +
	"--BB\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"<b>=EC=98=88=EC=95=BD</b><script>x</script>\r\n--BB--\r\n"

type list struct{ Messages []mailbox.Message }

func start(t *testing.T, source mailbox.Source) string {
	t.Helper()
	srv := httptest.NewServer(mailbox.New(source))
	t.Cleanup(srv.Close)
	return srv.URL
}

func get(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp, string(b)
}

func messages(t *testing.T, at, to string) []mailbox.Message {
	t.Helper()
	var l list
	_, body := get(t, at+"/api/messages?to="+to)
	if err := json.Unmarshal([]byte(body), &l); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return l.Messages
}

// emulator serves a dump like moto's.
func emulator(t *testing.T, ses any) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"ses": ses, "dynamodb": map[string]any{"Table": []any{}}})
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func raw(id, to, date string) map[string]any {
	return map[string]any{
		"id": id, "source": "no-reply@jari.example", "destinations": []string{to, to}, "raw_data": fmt.Sprintf(korean, to, date),
	}
}

func TestMailIsParsedAndListedByRecipient(t *testing.T) {
	at := start(t, mailbox.Dump(emulator(t, map[string]any{
		"RawMessage": []any{
			raw("m1", "A@diner.example", "Sun, 22 Nov 2026 10:00:00 +0000"),
			raw("m2", "b@diner.example", "Sun, 22 Nov 2026 10:00:02 +0000"),
			raw("m3", "a@diner.example", "Sun, 22 Nov 2026 10:00:01 +0000"),
			map[string]any{"id": "m4", "destinations": []string{"c@diner.example"}, "raw_data": "no header at all"},
		},
		"Message": []any{map[string]any{
			"id": "m5", "source": "s", "subject": "plain", "body": "<p>html</p>",
			"destinations": map[string]any{"ToAddresses": []string{"d@diner.example"}},
		}},
	})))
	got := messages(t, at, "a@diner.example")
	if len(got) != 2 || got[0].ID != "m3" || got[1].ID != "m1" {
		t.Fatalf("a's mail, newest first: %+v", got)
	}
	m := got[0]
	if m.Subject != "예약 확인" || m.From != "자리 <no-reply@jari.example>" || m.Text != "예약" ||
		!strings.HasPrefix(m.HTML, "<b>예약</b>") || len(m.To) != 1 || m.Fault != "" {
		t.Errorf("%+v", m)
	}
	if broken := messages(t, at, "c@diner.example"); len(broken) != 1 || broken[0].Fault == "" || broken[0].Text != "no header at all" {
		t.Errorf("a broken mail must be shown with its fault: %+v", broken)
	}
	if simple := messages(t, at, "d@diner.example"); len(simple) != 1 || simple[0].HTML != "<p>html</p>" || simple[0].Subject != "plain" {
		t.Errorf("%+v", simple)
	}
	if all := messages(t, at, ""); len(all) != 5 {
		t.Errorf("all: %d", len(all))
	}
	if _, page := get(t, at+"/"); !strings.Contains(page, `<a href="/messages/m3">예약 확인</a>`) {
		t.Errorf("list: %s", page)
	}
	_, page := get(t, at+"/messages/m3")
	if !strings.Contains(page, `<iframe sandbox src="/messages/m3/html"`) || strings.Contains(page, "<script") {
		t.Errorf("message: %s", page)
	}
	resp, part := get(t, at+"/messages/m3/html")
	if !strings.HasPrefix(resp.Header.Get("Content-Security-Policy"), "sandbox;") || !strings.Contains(part, "<script>") {
		t.Errorf("html part: %v %s", resp.Header, part)
	}
	if resp, _ := get(t, at+"/messages/none"); resp.StatusCode != 404 {
		t.Errorf("unknown: %d", resp.StatusCode)
	}
}

func TestAnUnreachableEmulatorIs502(t *testing.T) {
	unreachable := httptest.NewServer(nil)
	unreachable.Close()
	at := start(t, mailbox.Dump(unreachable.URL))
	for _, path := range []string{"/", "/api/messages", "/messages/x"} {
		if resp, body := get(t, at+path); resp.StatusCode != 502 || body == "" {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

func TestMailSentThroughTheRealEmulatorIsShown(t *testing.T) {
	aws := realpart.Need(t, realpart.AWS)
	to := fmt.Sprintf("mailbox-%d@diner.example", time.Now().UnixNano())
	postToSES(t, aws+"/v2/email/identities", map[string]any{"EmailIdentity": "no-reply@jari.example"})
	postToSES(t, aws+"/v2/email/outbound-emails", map[string]any{
		"FromEmailAddress": "no-reply@jari.example",
		"Destination":      map[string]any{"ToAddresses": []string{to}},
		"Content": map[string]any{"Raw": map[string]any{
			"Data": base64.StdEncoding.EncodeToString(fmt.Appendf(nil, korean, to, time.Now().Format(time.RFC1123Z))),
		}},
	})
	at := start(t, mailbox.Dump(aws))
	if got := messages(t, at, to); len(got) != 1 || got[0].Subject != "예약 확인" || got[0].Text != "예약" {
		t.Errorf("%+v", got)
	}
}

// post calls SES as the SDK does, with a signature that moto does not check.
func postToSES(t *testing.T, address string, body any) {
	t.Helper()
	b, _ := json.Marshal(body)
	req, err := http.NewRequest("POST", address, strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization",
		"AWS4-HMAC-SHA256 Credential=local/20261122/ap-northeast-2/ses/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 400 && !strings.HasSuffix(address, "/identities") { // the identity may be there already
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %s %s", address, resp.Status, b)
	}
}

// folder writes n mails as the launcher's moto does, the oldest first.
func folder(t *testing.T, n int) string {
	dir := t.TempDir()
	for i := range n {
		to := fmt.Sprintf("diner%d@diner.example", i%3)
		text, _ := json.Marshal(raw(fmt.Sprint("m", i), to, "Sun, 22 Nov 2026 10:00:00 +0000"))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%020d-m%d.json", i, i)), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAPageHasFiftyMailsAndALinkToOlderOnes(t *testing.T) {
	dir := folder(t, 130)
	if err := os.WriteFile(filepath.Join(dir, "9-being-written.json.new"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := start(t, mailbox.Folder(dir))
	var seen []string
	for number := 1; number > 0; {
		var p struct {
			Messages     []mailbox.Message
			Total, Older int
		}
		_, body := get(t, fmt.Sprintf("%s/api/messages?page=%d", at, number))
		if err := json.Unmarshal([]byte(body), &p); err != nil || len(p.Messages) > 50 || p.Total != 130 {
			t.Fatalf("page %d: %v, %d mails of %d", number, err, len(p.Messages), p.Total)
		}
		for _, m := range p.Messages {
			seen = append(seen, m.ID)
		}
		number = p.Older
	}
	if len(seen) != 130 || seen[0] != "m129" || seen[129] != "m0" {
		t.Errorf("%d mails on all pages, from %s to %s", len(seen), seen[0], seen[len(seen)-1])
	}
	_, first := get(t, at+"/")
	for _, path := range []string{"/?page=two", "/?page=0", "/api/messages?page=-1"} {
		if res, body := get(t, at+path); res.StatusCode != http.StatusBadRequest || !strings.Contains(body, "page is a number") {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	_, second := get(t, at+"/?page=2")
	if strings.Count(first, "/messages/m") != 50 || !strings.Contains(first, `page=2">Older`) || strings.Contains(first, "Newer") ||
		!strings.Contains(second, `page=1">Newer`) || !strings.Contains(second, `page=3">Older`) {
		t.Errorf("the links of the pages are wrong:\n%s\n%s", first, second)
	}
	if mine := messages(t, at, "diner1@diner.example"); len(mine) != 43 || mine[0].ID != "m127" {
		t.Errorf("%d mails to one address", len(mine))
	}
}

// Each file is read once: a mailbox that is polled must cost the same however many
// mails there are.
func TestAMailIsReadOnceAndForgottenWithItsFile(t *testing.T) {
	dir := folder(t, 3)
	at := start(t, mailbox.Folder(dir))
	if got := messages(t, at, ""); len(got) != 3 {
		t.Fatalf("%d mails", len(got))
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%020d-m1.json", 1)), []byte("not JSON any more"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, fmt.Sprintf("%020d-m0.json", 0))); err != nil {
		t.Fatal(err)
	}
	got := messages(t, at, "")
	if len(got) != 2 || got[0].ID != "m2" || got[1].ID != "m1" {
		t.Errorf("%+v", got)
	}
	if resp, _ := get(t, at+"/messages/m0"); resp.StatusCode != 404 {
		t.Errorf("the deleted mail: %s", resp.Status)
	}
}
