package slack

import "testing"

func TestMrkdwnBecomesSafeHTML(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"bold, italic, struck": {"*a b* _c_ ~d~", "<b>a b</b> <i>c</i> <s>d</s>"},
		"a star within a word": {"2*3*4", "2*3*4"},
		"links with and without a name": {
			"<http://a.b/x_y_z?q=1&amp;r=2|here> <https://c.d>",
			`<a href="http://a.b/x_y_z?q=1&amp;r=2" rel="noreferrer">here</a> <a href="https://c.d" rel="noreferrer">https://c.d</a>`,
		},
		"a script link":              {"<javascript:alert(1)|x>", "&lt;javascript:alert(1)&gt;"},
		"markup of another kind":     {`a <b onclick="x"> & c`, "a &lt;b onclick=&#34;x&#34;&gt; &amp; c"},
		"escaped once, not twice":    {"1 &lt; 2 &amp;&amp; 3", "1 &lt; 2 &amp;&amp; 3"},
		"code is unchanged":          {"`*x* <y>` and ```a\nb```", "<code>*x* &lt;y&gt;</code> and <pre>a\nb</pre>"},
		"a link whose name has code": {"<https://c.d|`x`>", "<a href=\"https://c.d\" rel=\"noreferrer\">`x`</a>"},
		"a link within bold":         {"*see <https://c.d|it>*", `<b>see <a href="https://c.d" rel="noreferrer">it</a></b>`},
		"emoji and lines":            {":fire: on\noff :unknown:", "🔥 on<br>off :unknown:"},
		"a quotation":                {"> text", "<blockquote>text</blockquote>"},
		"mentions":                   {"<!here> <#C1|incidents> <@U1>", "<b>@here</b> <b>#incidents</b> <b>@U1</b>"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(mrkdwn(c.in)); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}
