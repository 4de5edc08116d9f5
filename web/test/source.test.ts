import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type ts from 'typescript'
import { describe, expect, test } from 'vitest'
import {
  bareStorage,
  deviceClocks,
  programOf,
  textsBesideElements,
  throwingReads,
  unreadParams,
} from './source.mjs'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => /(?<!\.test|\.gen)\.tsx?$/.test(file))
  .map((file) => join('src', file))

const example = resolve('src/example.tsx')
const program = programOf(files, {
  [example]: `
    import type { ReactNode } from 'react'
    import { Link, useSearchParams } from 'react-router'
    import { partyOf } from './params'
    declare const t: (key: string) => string
    declare const [name, n]: [string | undefined, number]
    declare const Card: (props: { children: ReactNode }) => ReactNode
    declare const node: ReactNode
    export const good = [
      <p>{t('alone')}</p>,
      <p>{name && t('alone or nothing')}</p>,
      <p>{name && <b />}{node}</p>,
      <p><b>{name}</b>{' '}<i>{n}</i></p>,
      <Link to="/">{t('a')}</Link>,
    ]
    export const bad = [
      <p><b />{t('one')}</p>,
      <p>{t('two')} {n}</p>,
      <p>{n && <b />}<i /></p>,
      <p>three <b /></p>,
      <Card>{name}</Card>,
      <>{t('four')}</>,
      <p><b />{name ? t('five') : <i />}</p>,
    ]
    export const clock = [Date.now(), Date.now, new Date(), new Date(0), new Date(n), Date.parse('')]
    export const storage = [localStorage.length, window.sessionStorage]
    export const reads = [new URL(t('a')), JSON.parse(t('b')), decodeURIComponent(t('c')), JSON.stringify(n)]
    const [params] = useSearchParams()
    export const param = [params.get('day'), Number(params.get('party')), partyOf(params.get('party')), params.has('day')]
  `,
})
const source = (path: string): ts.SourceFile => {
  const file = program.getSourceFile(path)
  if (!file) throw new Error(`${path} is not in the program`)
  return file
}
/** What a rule finds in every file except those that may do it. */
const found = (rule: (file: ts.SourceFile) => string[], except: string[] = []) =>
  files
    .filter((file) => !except.includes(file))
    .flatMap((file) => rule(source(file)).map((place) => `${file}:${place}`))
const foundInExample = (rule: (file: ts.SourceFile) => string[]) =>
  rule(source(example)).map((place) => place.replace(/^\d+: /, ''))

describe('text has an element of its own', () => {
  const rule = (file: ts.SourceFile) => textsBesideElements(program, file)

  test('text beside elements is detected', { timeout: 120_000 }, () => {
    expect(foundInExample(rule)).toEqual([
      "{t('one')}",
      "{t('two')}",
      '{n}',
      '{n && <b />}',
      'three',
      '{name}',
      "{t('four')}",
      "{name ? t('five') : <i />}",
    ])
  })

  test('everywhere on the page', () => expect(found(rule)).toEqual([]), 120_000)
})

describe('the server’s clock is the clock', () => {
  test('uses of the device’s clock are detected', () => {
    expect(foundInExample(deviceClocks)).toEqual(['Date.now', 'Date.now', 'new Date()'])
  })

  test('everywhere on the page', () => expect(found(deviceClocks, ['src/api/clock.ts'])).toEqual([]))
})

describe('storage may be blocked', () => {
  test('uses of the browser’s own storage are detected', () => {
    expect(foundInExample(bareStorage)).toEqual(['localStorage', 'sessionStorage'])
  })

  test('everywhere on the page', () => expect(found(bareStorage, ['src/browser/storage.ts'])).toEqual([]))
})

describe('what comes from outside is read in one place', () => {
  test('calls that throw on bad input are detected', () => {
    expect(foundInExample(throwingReads)).toEqual([
      "new URL(t('a'))",
      "JSON.parse(t('b'))",
      "decodeURIComponent(t('c'))",
    ])
  })

  test('no page has such a call', () => expect(found(throwingReads, reading)).toEqual([]))

  test('parameters of the URL that are not validated are detected', () => {
    expect(foundInExample(unreadParams)).toEqual(["params.get('day')", "params.get('party')"])
  })

  test('every parameter of the URL is validated', () => expect(found(unreadParams)).toEqual([]))
})

/** These guard against the exception, or read only what the page itself has written. */
const reading = ['src/params.ts', 'src/api/client.ts', 'src/api/session.ts']
