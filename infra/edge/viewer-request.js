// The CloudFront Function that sends a viewer to a region (viewer-request,
// runtime cloudfront-js-2.0). Which country goes where is data, in the
// function's key-value store, so that it changes without a deployment.
//
// Kept within what that runtime allows: no classes, no timers, no network, no
// eval, 10 KB with comments, and no header named x-edge-*. README.md lists the
// rules; vectors.json holds the cases.
import cf from 'cloudfront';

const DEFAULT_REGION = 'ap-northeast-2';
const KNOWN = { 'ap-northeast-2': true, 'us-east-1': true };
const MARK = 'jari-edge-region';

// A lost key, a store that does not answer or a region nobody knows must never
// cost a booking: they all mean the default.
async function regionOf(country) {
  try {
    const region = await cf.kvs().get('country/' + country);
    return KNOWN[region] === true ? region : DEFAULT_REGION;
  } catch (_) {
    return DEFAULT_REGION;
  }
}

// What the page's dropdown asks for beats where the viewer seems to be;
// anything that is not two letters was not asked by our page.
function countryOf(headers) {
  const asked = headers['x-region'] ? headers['x-region'].value.toUpperCase() : '';
  if (/^[A-Z]{2}$/.test(asked)) {
    return asked;
  }
  const seen = headers['cloudfront-viewer-country'] ? headers['cloudfront-viewer-country'].value : '';
  return /^[A-Z]{2}$/.test(seen) ? seen : 'ZZ';
}

async function handler(event) {
  const request = event.request;
  const region = await regionOf(countryOf(request.headers));
  // Overwrites what a viewer may have sent under this name.
  request.headers[MARK] = { value: region };
  cf.selectRequestOriginById(region);
  return request;
}
