// Jari shows no photographs yet. Each restaurant gets a drawing of a laid table,
// seen from above, instead. The id decides the drawing, so it is always the same.

const palettes = [
  { cloth: '#e9dfcc', plate: '#fbf6ea', glaze: '#b4532a', leaf: '#244b40' },
  { cloth: '#d8e0d4', plate: '#f6f8f1', glaze: '#244b40', leaf: '#c9762f' },
  { cloth: '#ecd9cb', plate: '#fcf4ed', glaze: '#7a2e2a', leaf: '#d9a441' },
  { cloth: '#d9dee3', plate: '#f5f7f9', glaze: '#2b4360', leaf: '#c56b45' },
  { cloth: '#e6dcbf', plate: '#fbf7ea', glaze: '#5b5130', leaf: '#a33f2c' },
  { cloth: '#cfdcdd', plate: '#f3f8f8', glaze: '#1f5560', leaf: '#d98a52' },
] as const

const chopstickCuisines = ['korean', 'japanese', 'chinese']

export function RestaurantMark({ id, cuisine }: { id: string; cuisine: string }) {
  const next = generatorFor(id)
  const { cloth, plate, glaze, leaf } = palettes[next(palettes.length)] ?? palettes[0]
  const size = 29 + next(8)
  const side = next(2) ? 1 : -1
  const turn = next(360)
  const cut = 0.35 + next(50) / 100
  const seeds = 3 + next(4)
  const bowl = { x: 80 + side * (50 + next(10)), y: 24 + next(52), r: 10 + next(6) }
  const beside = 80 - side * (size + 18)
  const food = size * 0.58
  return (
    <svg className="mark" viewBox="0 0 160 100" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="160" height="100" fill={cloth} />
      <circle cx="80" cy="50" r={size} fill={plate} />
      <circle cx="80" cy="50" r={size - 4} fill="none" stroke={glaze} strokeWidth="0.7" opacity="0.55" />
      <g transform={`translate(80 50) rotate(${turn})`}>
        {/* The food: a circle cut by a curve into a crescent. */}
        <path
          d={`M0 ${-food} A${food} ${food} 0 0 1 0 ${food} A${food / cut} ${food / cut} 0 0 0 0 ${-food}Z`}
          fill={glaze}
        />
        {Array.from({ length: seeds }, (_, i) => (
          <circle key={i} cx={-3 - next(9)} cy={-9 + next(19)} r={1.2 + next(3) * 0.6} fill={leaf} />
        ))}
      </g>
      <circle cx={bowl.x} cy={bowl.y} r={bowl.r} fill={glaze} />
      <circle cx={bowl.x} cy={bowl.y} r={bowl.r - 3} fill={next(2) ? leaf : plate} />
      <g
        transform={`translate(${beside} 22)`}
        fill="none"
        stroke={glaze}
        strokeWidth="1.6"
        strokeLinecap="round"
      >
        <path
          d={
            chopstickCuisines.includes(cuisine)
              ? 'M-2 0 V56 M2 0 L1 56'
              : 'M0 10 V56 M-4 0 V8 Q0 14 4 8 V0 M0 0 V10'
          }
        />
      </g>
    </svg>
  )
}

/** A random number generator seeded by the id (FNV-1a, then xorshift); each number is below the given bound. */
function generatorFor(id: string): (bound: number) => number {
  let state = 0x811c9dc5
  for (const char of id) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193)
  const next = (bound: number) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
  // Similar ids give similar first numbers: skip those.
  for (let i = 0; i < 8; i++) next(1)
  return next
}
