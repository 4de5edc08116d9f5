// The CloudFront Function that chooses a viewer's region (viewer-request,
// runtime cloudfront-js-2.0). Which country goes where, which regions have an origin and
// which one writes users is data in the function's key-value store, so that all of it
// changes without a deployment of the function.
//
// The runtime allows no classes, timers, network or eval, no header named
// x-edge-*, and 10 KB with comments. README.md lists the rules; vectors.json has
// the test cases.
import cf from 'cloudfront';

const DEFAULT_REGION = 'ap-northeast-2';
const REGION_HEADER = 'jari-edge-region';

// A missing key, an unreachable store or a region without an origin must not make a
// request fail: each of them means the default region.
async function regionOf(key) {
  try {
    const store = cf.kvs();
    const region = await store.get(key);
    const regions = await store.get('regions');
    return region !== '' && regions.split(' ').indexOf(region) >= 0 ? region : DEFAULT_REGION;
  } catch (_) {
    return DEFAULT_REGION;
  }
}

// The letters are checked before they become upper case, because some letters of
// other alphabets become A to Z. The length is checked too, because $ also matches
// before a line break in some engines.
function isCountry(text) {
  return text.length === 2 && /^[A-Za-z]{2}$/.test(text);
}

// The country selected in the page's dropdown takes precedence over the viewer's
// country. A value that is not two letters did not come from the page.
function countryOf(headers) {
  const selected = headers['x-region'] ? headers['x-region'].value : '';
  if (isCountry(selected)) {
    return selected.toUpperCase();
  }
  const detected = headers['cloudfront-viewer-country'] ? headers['cloudfront-viewer-country'].value : '';
  return isCountry(detected) ? detected.toUpperCase() : 'ZZ';
}

// A new account is written in one region, whoever asks: the other regions have copies of the
// users that can only be read.
function keyOf(request) {
  const signUp = request.method === 'POST' && request.uri === '/v1/users';
  return signUp ? 'users' : 'country/' + countryOf(request.headers);
}

async function handler(event) {
  const request = event.request;
  const region = await regionOf(keyOf(request));
  // This overwrites a header of this name that the viewer may have sent.
  request.headers[REGION_HEADER] = { value: region };
  cf.selectRequestOriginById(region);
  return request;
}
