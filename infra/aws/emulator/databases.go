package emulator

import (
	"bytes"
	"net/url"
	"regexp"
)

// databases are RDS's instances. Moto gives each the same id, by which the provider looks for its own
// and finds several. Here each has one of its name, and a search for it is changed into one for the
// name. Moto looks for the subnets of a copy in its source's region; so it is not asked for them, and
// they are written into what it returns. So is how an instance is observed, which moto forgets.
type databases struct {
	names    map[string]string            // by id
	subnets  map[string]string            // group of a copy, by region and name
	observed map[string]map[string]string // element to its text, by region and name
}

func newDatabases() databases {
	return databases{map[string]string{}, map[string]string{}, map[string]map[string]string{}}
}

// observation are the parameters about what observes an instance, and their elements in a response.
var observation = map[string]string{
	"MonitoringInterval": "MonitoringInterval", "MonitoringRoleArn": "MonitoringRoleArn",
	"EnablePerformanceInsights": "PerformanceInsightsEnabled", "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
	"PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
}

var (
	instance     = regexp.MustCompile(`(?s)<DBInstance>.*?</DBInstance>`)
	instanceName = regexp.MustCompile(`<DBInstanceIdentifier>([^<]+)</DBInstanceIdentifier>`)
	instanceID   = regexp.MustCompile(`<DbiResourceId>[^<]*</DbiResourceId>`)
	subnetGroup  = regexp.MustCompile(`<DBSubnetGroupName>[^<]*</DBSubnetGroupName>`)
)

func (d databases) answer(c *call) *reply {
	name, known := d.names[c.form.Get("Filters.Filter.1.Values.Value.1")]
	if known && c.form.Get("Filters.Filter.1.Name") == "dbi-resource-id" {
		c.form.Del("Filters.Filter.1.Name")
		c.form.Del("Filters.Filter.1.Values.Value.1")
		c.form.Set("DBInstanceIdentifier", name)
	}
	key := c.region + c.form.Get("DBInstanceIdentifier")
	switch c.form.Get("Action") {
	case "CreateDBInstanceReadReplica":
		d.subnets[key] = c.form.Get("DBSubnetGroupName")
		c.form.Del("DBSubnetGroupName")
		d.observe(key, c.form)
	case "CreateDBInstance", "ModifyDBInstance":
		d.observe(key, c.form)
	}
	return nil
}

// observe keeps what a call says of what observes an instance.
func (d databases) observe(key string, form url.Values) {
	if d.observed[key] == nil {
		d.observed[key] = map[string]string{}
	}
	for parameter, element := range observation {
		if form.Has(parameter) {
			d.observed[key][element] = form.Get(parameter)
		}
	}
}

func (d databases) mend(c *call, body []byte) []byte {
	return instance.ReplaceAllFunc(body, func(one []byte) []byte {
		name := instanceName.FindSubmatch(one)
		if name == nil {
			return one
		}
		key := c.region + string(name[1])
		id := "db-" + sum(key)
		d.names[id] = string(name[1])
		if group := d.subnets[key]; group != "" {
			one = subnetGroup.ReplaceAll(one, []byte("<DBSubnetGroupName>"+group+"</DBSubnetGroupName>"))
		}
		for name, text := range d.observed[key] {
			one = regexp.MustCompile(`<`+name+`>[^<]*</`+name+`>`).ReplaceAll(one, nil)
			one = bytes.Replace(one, []byte("</DBInstance>"), []byte(value(name, text)+"</DBInstance>"), 1)
		}
		return instanceID.ReplaceAll(one, []byte("<DbiResourceId>"+id+"</DbiResourceId>"))
	})
}
