import type { Region, Restaurant } from '../../api/client'
import { useTexts } from '../../texts/texts'

/** Cuisine, neighbourhood and price in one line. */
export function Facts({ region, restaurant }: { region: Region; restaurant: Restaurant }) {
  const { t, name, pick } = useTexts()
  return (
    <ul className="facts">
      <li>{name('cuisine', restaurant.cuisine)}</li>
      <li>{pick(restaurant.area)}</li>
      <li>
        <span className="hidden">{t('price.level', { n: restaurant.price })}</span>
        <span aria-hidden="true">{t(`price.sign.${region}`).repeat(restaurant.price)}</span>
      </li>
    </ul>
  )
}
