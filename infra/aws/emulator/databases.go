package emulator

import "regexp"

// databases are the ids of RDS's instances. Moto gives each the same one, by which the provider
// looks for its own and finds several. Here each has one of its name, and a search for it is
// changed into one for the name.
type databases map[string]string // id to name

func newDatabases() databases { return databases{} }

var (
	instance     = regexp.MustCompile(`(?s)<DBInstance>.*?</DBInstance>`)
	instanceName = regexp.MustCompile(`<DBInstanceIdentifier>([^<]+)</DBInstanceIdentifier>`)
	instanceID   = regexp.MustCompile(`<DbiResourceId>[^<]*</DbiResourceId>`)
)

func (d databases) answer(c *call) *reply {
	name, known := d[c.form.Get("Filters.Filter.1.Values.Value.1")]
	if known && c.form.Get("Filters.Filter.1.Name") == "dbi-resource-id" {
		c.form.Del("Filters.Filter.1.Name")
		c.form.Del("Filters.Filter.1.Values.Value.1")
		c.form.Set("DBInstanceIdentifier", name)
	}
	return nil
}

func (d databases) mend(c *call, body []byte) []byte {
	return instance.ReplaceAllFunc(body, func(one []byte) []byte {
		name := instanceName.FindSubmatch(one)
		if name == nil {
			return one
		}
		id := "db-" + sum(c.region+string(name[1]))
		d[id] = string(name[1])
		return instanceID.ReplaceAll(one, []byte("<DbiResourceId>"+id+"</DbiResourceId>"))
	})
}
