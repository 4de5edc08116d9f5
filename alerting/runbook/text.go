package runbook

import (
	"strings"

	"github.com/yuin/goldmark/ast"
)

// plain is the text of a node without its markup.
func (p *pageParser) plain(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(p.source))
			if t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(strings.Join(strings.Fields(b.String()), " "))
}

// inline is the text of an inline node, in which links and code keep their markup.
func (p *pageParser) inline(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Text:
		text := string(n.Segment.Value(p.source))
		if n.SoftLineBreak() {
			text += " "
		}
		return text
	case *ast.Link:
		return "[" + p.plain(n) + "](" + string(n.Destination) + ")"
	case *ast.CodeSpan:
		return "`" + p.plain(n) + "`"
	}
	return p.plain(n)
}

// raw is the Markdown of a block.
func (p *pageParser) raw(n ast.Node) string {
	from, to := len(p.source), 0
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering && n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			from = min(from, n.Lines().At(0).Start)
			to = max(to, n.Lines().At(n.Lines().Len()-1).Stop)
		}
		return ast.WalkContinue, nil
	})
	if from >= to {
		return ""
	}
	from = strings.LastIndexByte(string(p.source[:from]), '\n') + 1 // with the marks of a list
	return strings.TrimSpace(string(p.source[from:to]))
}
