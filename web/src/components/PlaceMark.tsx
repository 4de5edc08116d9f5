// Jari shows no photographs yet. Each place gets a laid table of its own instead:
// plates seen from above, arranged by its id and always the same.

const palettes = [
  ['#e9dfcc', '#b4532a', '#f7f1e5', '#244b40'],
  ['#d8e0d4', '#244b40', '#f4f6ee', '#c9762f'],
  ['#ecd9cb', '#7a2e2a', '#faf1e9', '#d9a441'],
  ['#d9dee3', '#2b4360', '#f3f5f7', '#c56b45'],
  ['#e8dcc4', '#5b5130', '#faf5e8', '#a33f2c'],
] as const

export function PlaceMark({ id }: { id: string }) {
  const seed = hash(id)
  const [cloth, glaze, plate, spice] = palettes[seed % palettes.length] ?? palettes[0]
  const turn = (seed >>> 4) % 360
  const size = 26 + ((seed >>> 8) % 12)
  const bowls = 2 + ((seed >>> 12) % 3)
  return (
    <svg className="mark" viewBox="0 0 160 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="160" height="100" fill={cloth} />
      <circle cx="80" cy="50" r={size} fill={plate} />
      <circle cx="80" cy="50" r={size - 7} fill="none" stroke={glaze} strokeWidth="1.2" />
      <circle cx="80" cy="50" r={size / 3} fill={glaze} />
      <g transform={`rotate(${turn} 80 50)`}>
        <circle cx={80 + size / 3} cy="50" r="3.4" fill={spice} />
        {Array.from({ length: bowls }, (_, i) => {
          const angle = (i * 2 * Math.PI) / bowls
          return (
            <g key={angle} transform={`translate(${80 + 62 * Math.cos(angle)} ${50 + 62 * Math.sin(angle)})`}>
              <circle r={11 + ((seed >>> (i * 3)) % 7)} fill={glaze} />
              <circle r={6 + ((seed >>> (i * 3)) % 5)} fill={i % 2 ? plate : spice} />
            </g>
          )
        })}
      </g>
    </svg>
  )
}

// FNV-1a: neighbouring ids must not look alike.
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return value >>> 0
}
