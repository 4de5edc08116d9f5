// Rules about the page's source that need its syntax tree and types. Each finds the
// places that break it; `test/source.test.ts` requires that there are none.
import ts from 'typescript'

/**
 * A program of the given files with the project's settings; `extra` are files in memory, by path.
 * @param {string[]} files @param {Record<string, string>} [extra]
 */
export function programOf(files, extra = {}) {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files }, ts.sys, '.')
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.fileExists = (path) => path in extra || fileExists.call(host, path)
  host.readFile = (path) => extra[path] ?? readFile.call(host, path)
  host.getSourceFile = (path, target, ...rest) =>
    path in extra
      ? ts.createSourceFile(path, extra[path] ?? '', target, true, ts.ScriptKind.TSX)
      : getSourceFile.call(host, path, target, ...rest)
  return ts.createProgram([...files, ...Object.keys(extra)], options, host)
}

/** @param {ts.SourceFile} file @param {(node: ts.Node) => boolean} breaks @returns {string[]} the places, as "line: source" */
function placesIn(file, breaks) {
  /** @type {string[]} */
  const found = []
  const visit = (/** @type {ts.Node} */ node) => {
    if (breaks(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file))
      found.push(`${line + 1}: ${node.getText(file).trim()}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

// These pass a text on as the only child of one element.
const passing = ['Link', 'NavLink']

/**
 * Text that is not the only child of its element. A browser's translator replaces such
 * a text node by an element; React then changes or removes a node that is no longer
 * there, which shows old text or breaks the page (facebook/react issue 11538). A text
 * that is alone in its element is set through the element, so it needs one of its own.
 * @param {ts.Program} program @param {ts.SourceFile} file
 */
export function textsBesideElements(program, file) {
  const checker = program.getTypeChecker()
  return placesIn(file, (node) => {
    const { parent } = node
    if (!parent || !(ts.isJsxElement(parent) || ts.isJsxFragment(parent))) return false
    if (!isText(checker, node)) return false
    const siblings = parent.children.filter((child) => child !== node && !isNothing(child))
    if (siblings.length > 0 || ts.isJsxFragment(parent)) return true
    const tag = parent.openingElement.tagName.getText()
    return /^[A-Z]/.test(tag) && !passing.includes(tag)
  })
}

/** Spaces between lines and comments, which are not displayed. @param {ts.Node} child */
function isNothing(child) {
  if (ts.isJsxText(child)) return child.containsOnlyTriviaWhiteSpaces
  return ts.isJsxExpression(child) && !child.expression
}

/**
 * Whether a child of an element can be displayed as text; blank text is left alone by translators.
 * @param {ts.TypeChecker} checker @param {ts.Node} child
 */
function isText(checker, child) {
  if (ts.isJsxText(child)) return child.text.trim() !== ''
  if (!ts.isJsxExpression(child) || !child.expression) return false
  const type = checker.getTypeAtLocation(child.expression)
  const parts = type.isUnion() ? type.types : [type]
  // ReactNode: what it holds is a child of another element, where it is checked.
  if (parts.some((part) => part.getProperty('then'))) return false
  return parts.some(
    (part) =>
      part.flags & (ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike) &&
      !(part.isStringLiteral() && part.value.trim() === ''),
  )
}

/** The device's clock, which may be wrong: `src/api/clock.ts` has the server's. @param {ts.SourceFile} file */
export function deviceClocks(file) {
  return placesIn(
    file,
    (node) =>
      (ts.isPropertyAccessExpression(node) && node.getText(file) === 'Date.now') ||
      (ts.isNewExpression(node) && node.expression.getText(file) === 'Date' && !node.arguments?.length) ||
      (ts.isCallExpression(node) && node.expression.getText(file) === 'Date'),
  )
}

/** The browser's storage, which may throw: `src/browser/storage.ts` has one that does not. @param {ts.SourceFile} file */
export function bareStorage(file) {
  return placesIn(
    file,
    (node) => ts.isIdentifier(node) && ['localStorage', 'sessionStorage', 'indexedDB'].includes(node.text),
  )
}

/** Calls that throw on bad input from outside: a URL, JSON, or a percent-encoding. @param {ts.SourceFile} file */
export function throwingReads(file) {
  return placesIn(file, (node) => {
    if (ts.isNewExpression(node)) return node.expression.getText(file) === 'URL'
    return (
      ts.isCallExpression(node) &&
      ['JSON.parse', 'decodeURIComponent', 'decodeURI', 'atob'].includes(node.expression.getText(file))
    )
  })
}

/** Parameters of the URL that are compared or converted outside `src/params.ts`, which validates them. @param {ts.SourceFile} file */
export function unreadParams(file) {
  return placesIn(file, (node) => {
    if (!ts.isCallExpression(node) || !/^params\.(get|getAll)$/.test(node.expression.getText(file)))
      return false
    return !(ts.isCallExpression(node.parent) && readers.test(node.parent.expression.getText(file)))
  })
}
const readers = /^(dayOf|partyOf|\w+Param)$/
