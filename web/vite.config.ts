import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// `npm run dev` shows the page with the API of a running local system behind it.
const edge = process.env.JARI_EDGE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy: { '/v1': edge, '/_local': edge } },
  build: { target: 'es2023', sourcemap: true },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    testTimeout: 30_000,
    restoreMocks: true,
  },
})
