import { Outlet, Route, Routes } from 'react-router'
import { Boundary } from './components/Boundary'
import { Footer } from './components/Footer'
import { Header } from './components/Header'
import { MissingPage } from './components/MissingPage'
import { SessionNotice } from './components/SessionNotice'
import { LogInPage } from './features/account/LogInPage'
import { SignUpPage } from './features/account/SignUpPage'
import { GuestsPage } from './features/owner/GuestsPage'
import { OwnPage } from './features/owner/OwnPage'
import { ReservationsPage } from './features/reservations/ReservationsPage'
import { RestaurantPage } from './features/restaurant/RestaurantPage'
import { SearchPage } from './features/search/SearchPage'
import { useTexts } from './texts/texts'

export function App() {
  const { t } = useTexts()
  return (
    <>
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <Boundary>
        <Header />
      </Boundary>
      <main id="main" tabIndex={-1}>
        <SessionNotice />
        <Routes>
          <Route element={<Guarded />}>
            <Route path="/" element={<SearchPage />} />
            <Route path="/:region/restaurants/:id" element={<RestaurantPage />} />
            <Route path="/:region/restaurants/:id/guests" element={<GuestsPage />} />
            <Route path="/own" element={<OwnPage />} />
            <Route path="/login" element={<LogInPage />} />
            <Route path="/signup" element={<SignUpPage />} />
            <Route path="/reservations" element={<ReservationsPage />} />
            <Route path="*" element={<MissingPage />} />
          </Route>
        </Routes>
      </main>
      <Footer />
    </>
  )
}

/** Every page has its own boundary: an error in one leaves the header and the other pages usable. */
function Guarded() {
  return (
    <Boundary>
      <Outlet />
    </Boundary>
  )
}
