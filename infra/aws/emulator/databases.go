package emulator

import "regexp"

// databases are RDS's instances. Moto gives each the same id, by which the provider looks for its own
// and finds several. Here each has one of its name, and a search for it is changed into one for the
// name. Moto looks for the subnets of a copy in its source's region; so it is not asked for them, and
// they are written into what it returns.
type databases struct {
	names   map[string]string // by id
	subnets map[string]string // group of a copy, by region and name
}

func newDatabases() databases { return databases{map[string]string{}, map[string]string{}} }

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
	if c.form.Get("Action") == "CreateDBInstanceReadReplica" {
		d.subnets[c.region+c.form.Get("DBInstanceIdentifier")] = c.form.Get("DBSubnetGroupName")
		c.form.Del("DBSubnetGroupName")
	}
	return nil
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
		return instanceID.ReplaceAll(one, []byte("<DbiResourceId>"+id+"</DbiResourceId>"))
	})
}
