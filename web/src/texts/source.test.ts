import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

/** Words of Korean, and words written into JSX as text or as an attribute that is read out. */
function wordsIn(source: string): string[] {
  const found: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isJsxText(node) && /\p{L}/u.test(node.text)) found.push(node.text.trim())
    else if (ts.isStringLiteralLike(node) && (isReadOut(node.parent) || /\p{Script=Hangul}/u.test(node.text)))
      found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('page.tsx', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX))
  return found
}

function isReadOut(node: ts.Node): boolean {
  return (
    ts.isJsxAttribute(node) && ['aria-label', 'title', 'alt', 'placeholder'].includes(node.name.getText())
  )
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.test|\.gen)\.tsx?$/.test(file),
)

test('words outside the catalogues are noticed', () => {
  const source = `<p lang="en">Book now<a title="Home">{t('key')} / {'자리'}</a></p>`
  expect(wordsIn(source)).toEqual(['Book now', 'Home', '자리'])
  expect(files.length).toBeGreaterThan(30)
})

test.each(files)('%s has no word of its own', (file) => {
  expect(wordsIn(readFileSync(join('src', file), 'utf8'))).toEqual([])
})
