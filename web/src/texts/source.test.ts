import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

/** User-visible text in source code: Korean strings, JSX text, and JSX attributes that are displayed or read out. */
function textsIn(source: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(node.text.trim())
    else if (
      ts.isStringLiteralLike(node) &&
      (isVisibleAttribute(node.parent) || /\p{Script=Hangul}/u.test(node.text))
    )
      found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('page.tsx', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX))
  return found
}

function isVisibleAttribute(node: ts.Node): boolean {
  return (
    ts.isJsxAttribute(node) && ['aria-label', 'title', 'alt', 'placeholder'].includes(node.name.getText())
  )
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.test|\.gen)\.tsx?$/.test(file),
)

test('detects text outside the catalogues', () => {
  const source = `<p lang="en">Book now<a title="Home">{t('key')} / {'자리'}</a></p>`
  expect(textsIn(source)).toEqual(['Book now', 'Home', '자리'])
  expect(files.length).toBeGreaterThan(30)
})

test.each(files)('%s contains no text of its own', (file) => {
  expect(textsIn(readFileSync(join('src', file), 'utf8'))).toEqual([])
})
