package notification

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	restaurantCacheSize = 1000
	restaurantCacheTTL  = time.Minute // names and addresses change rarely
)

// RestaurantCache asks for a restaurant once a minute: the mails of a burst are about
// few restaurants. Errors are not kept.
type RestaurantCache struct {
	from  Restaurants
	known *lru.Cache[string, knownRestaurant]
}

type knownRestaurant struct {
	Restaurant
	until time.Time
}

var _ Restaurants = (*RestaurantCache)(nil)

// NewRestaurantCache returns a cache before from.
func NewRestaurantCache(from Restaurants) *RestaurantCache {
	known, _ := lru.New[string, knownRestaurant](restaurantCacheSize) // it fails only for a size below 1
	return &RestaurantCache{from, known}
}

// Restaurant implements Restaurants.
func (c *RestaurantCache) Restaurant(ctx context.Context, id string) (Restaurant, error) {
	if k, ok := c.known.Get(id); ok && time.Now().Before(k.until) {
		return k.Restaurant, nil
	}
	r, err := c.from.Restaurant(ctx, id)
	if err == nil {
		c.known.Add(id, knownRestaurant{r, time.Now().Add(restaurantCacheTTL)})
	}
	return r, err
}
