import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { App } from './App'
import { session } from './api/client'
import { newQueryClient } from './api/queries'
import { RegionProvider } from './features/region/region'
import { TextsProvider } from './texts/texts'
import './styles/index.css'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

void session.restore()
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={newQueryClient()}>
      <TextsProvider>
        <RegionProvider>
          {/* Party, day and time are in the URL: with transitions a radio button would react late. */}
          <BrowserRouter useTransitions={false}>
            <App />
          </BrowserRouter>
        </RegionProvider>
      </TextsProvider>
    </QueryClientProvider>
  </StrictMode>,
)
