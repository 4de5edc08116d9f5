import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { type Region, regions } from '../../api/client'
import { device } from '../../browser/storage'

/** The time zone that decides a region's calendar day until a restaurant's own zone is known. */
export const timeZones: Record<Region, string> = { KR: 'Asia/Seoul', US: 'America/New_York' }

const storageKey = 'jari.region'

interface RegionChoice {
  region: Region
  choose(region: Region): void
}

const Context = createContext<RegionChoice | null>(null)

export function RegionProvider({ children }: { children: ReactNode }) {
  const [region, setRegion] = useState(preferred)
  const choice = useMemo(
    () => ({
      region,
      choose(chosen: Region) {
        device.set(storageKey, chosen)
        setRegion(chosen)
      },
    }),
    [region],
  )
  return <Context value={choice}>{children}</Context>
}

export function useRegion(): RegionChoice {
  const choice = useContext(Context)
  if (!choice) throw new Error('useRegion needs a RegionProvider above it')
  return choice
}

/** Reads the region from a path such as /us/restaurants/…, where it is in lower case. */
export function regionOf(segment: string | undefined): Region | undefined {
  return regions.find((region) => region.toLowerCase() === segment)
}

export function restaurantPath(region: Region, id: string): string {
  return `/${region.toLowerCase()}/restaurants/${id}`
}

// Until a visitor has chosen a region, the browser's time zone decides.
function preferred(): Region {
  const stored = regions.find((region) => region === device.get(storageKey))
  if (stored) return stored
  return Intl.DateTimeFormat().resolvedOptions().timeZone.startsWith('America/') ? 'US' : 'KR'
}
