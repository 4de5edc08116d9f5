package slack

import (
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/internal/page"
)

var (
	//go:embed channel.html
	channelHTML string

	indexPage = page.New(`<h1>Slack simulator</h1>
<ul>{{range .}}<li><a href="/channels/{{.Name}}">#{{.Name}}</a> <span class="dim">{{.Messages}} messages</span></li>{{end}}</ul>`, nil)

	channelPage = page.New(channelHTML, template.FuncMap{
		"mrkdwn": mrkdwn,
		"render": func(t *Text) template.HTML { return t.render() },
		"label":  func(e Element) template.HTML { return e.Label().render() },
		"clock":  clock,
		"user":   userName,
	})
)

// clock formats a ts as local date and time.
func clock(ts string) string {
	sec, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(sec, 10, 64)
	if err != nil {
		return ts
	}
	return time.Unix(n, 0).Format("2006-01-02 15:04:05")
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	type row struct {
		Name     string
		Messages int
	}
	var rows []row
	for _, c := range s.store.list() {
		rows = append(rows, row{c.Name, len(s.store.in(c.ID))})
	}
	if len(rows) == 1 {
		http.Redirect(w, r, "/channels/"+rows[0].Name, http.StatusFound)
		return
	}
	indexPage.Write(w, http.StatusOK, page.View{Title: "Slack", Live: 5, Data: rows})
}

// pageMessage is a message with its blocks parsed.
type pageMessage struct {
	Message
	Blocks []Block
	Reply  bool
	server *Server
}

// Picture is where the picture of a block is; "" when it is not stored any more.
func (m pageMessage) Picture(b Block) string { return m.server.imageURL(b) }

// channelPolicy lets the page show the pictures of messages.
const channelPolicy = page.Policy + "; img-src 'self'"

// channel shows a channel, newest thread first.
func (s *Server) channel(w http.ResponseWriter, r *http.Request) {
	c, ok := s.store.find(r.PathValue("name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	var threads [][]pageMessage
	at := map[string]int{}
	for _, m := range s.store.in(c.ID) {
		blocks, _ := parseBlocks(m.Blocks)
		if i, ok := at[m.ThreadTS]; ok && m.isReply() {
			threads[i] = append(threads[i], pageMessage{m, blocks, true, s})
			continue
		}
		at[m.TS] = len(threads)
		threads = append(threads, []pageMessage{{m, blocks, false, s}})
	}
	slices.Reverse(threads)
	w.Header().Set("Content-Security-Policy", channelPolicy)
	channelPage.Write(w, http.StatusOK, page.View{Title: "Slack", Live: 3,
		Data: map[string]any{"Channel": c, "Threads": threads, "Buttons": s.cfg.InteractivityURL != ""}})
}

// showMessages lists every message as JSON, oldest first, with its metadata and the
// number of its revisions. ?channel= selects a channel, ?oldest=ts messages after ts.
func (s *Server) showMessages(w http.ResponseWriter, r *http.Request) {
	messages := []Message{}
	for _, c := range s.store.list() {
		if ref := r.FormValue("channel"); ref != "" && ref != c.ID && newChannel(ref).ID != c.ID {
			continue
		}
		for _, m := range s.store.in(c.ID) {
			if oldest := r.FormValue("oldest"); oldest == "" || later(m.TS, oldest) {
				messages = append(messages, m)
			}
		}
	}
	writeJSON(w, map[string]any{"messages": messages})
}
