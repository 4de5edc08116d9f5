package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"regexp"
	"strings"
)

// content is what is inside the first element of a name, as XML; "" if there is none. It is for
// elements that hold none of their own name.
func content(document []byte, name string) string {
	start := regexp.MustCompile(`<` + name + `(?:\s[^>]*?)?(/?)>`).FindSubmatchIndex(document)
	if start == nil || start[2] != start[3] { // none, or <name/>
		return ""
	}
	inside, _, _ := strings.Cut(string(document[start[1]:]), "</"+name+">")
	return inside
}

// element is an element with others, or with XML of somebody else, inside.
func element(name string, inside ...string) string {
	return "<" + name + ">" + strings.Join(inside, "") + "</" + name + ">"
}

// value is an element with a text.
func value(name, text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a Builder takes everything
	return element(name, escaped.String())
}

// document is a reply with XML.
func document(status int, root string) *reply {
	return &reply{status: status, kind: "text/xml", body: []byte(root)}
}

// failure is an error of the XML protocols.
func failure(status int, code string) *reply {
	return document(status, element("ErrorResponse", element("Error", value("Type", "Sender"), value("Code", code), value("Message", code))))
}

// result is an answer of the query protocol.
func result(action string, inside ...string) *reply {
	return document(http.StatusOK, element(action+"Response", element(action+"Result", inside...)))
}

// sum is a short digest, as entity tag or as a part of an id.
func sum(of string) string {
	digest := sha256.Sum256([]byte(of))
	return strings.ToUpper(hex.EncodeToString(digest[:13]))
}
