// The CloudFront Function that chooses a viewer's region (viewer-request,
// runtime cloudfront-js-2.0). Which country goes where is data, in the
// function's key-value store, so that it changes without a deployment.
//
// The runtime allows no classes, timers, network or eval, no header named
// x-edge-*, and 10 KB with comments. README.md lists the rules; vectors.json has
// the test cases.
import cf from 'cloudfront';

const DEFAULT_REGION = 'ap-northeast-2';
const KNOWN = { 'ap-northeast-2': true, 'us-east-1': true };
const REGION_HEADER = 'jari-edge-region';

// A missing key, an unreachable store or an unknown region must not make a request
// fail: each of them means the default region.
async function regionOf(country) {
  try {
    const region = await cf.kvs().get('country/' + country);
    return KNOWN[region] === true ? region : DEFAULT_REGION;
  } catch (_) {
    return DEFAULT_REGION;
  }
}

// The country selected in the page's dropdown takes precedence over the viewer's
// country. A value that is not two letters did not come from the page.
function countryOf(headers) {
  const selected = headers['x-region'] ? headers['x-region'].value.toUpperCase() : '';
  if (/^[A-Z]{2}$/.test(selected)) {
    return selected;
  }
  const detected = headers['cloudfront-viewer-country'] ? headers['cloudfront-viewer-country'].value : '';
  return /^[A-Z]{2}$/.test(detected) ? detected : 'ZZ';
}

async function handler(event) {
  const request = event.request;
  const region = await regionOf(countryOf(request.headers));
  // This overwrites a header of this name that the viewer may have sent.
  request.headers[REGION_HEADER] = { value: region };
  cf.selectRequestOriginById(region);
  return request;
}
