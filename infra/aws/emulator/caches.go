package emulator

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// caches are ElastiCache's replication groups with what belongs to them. Moto's groups have no
// members and cannot be deleted with their subnets; it has no groups of parameters at all.
type caches struct {
	resources map[string]*cache // by ARN
}

// cache is a resource of ElastiCache: what it was created with.
type cache struct {
	arn  string
	form url.Values
	tags map[string]string
	set  map[string]string // parameters of a parameter group
}

func newCaches() caches { return caches{resources: map[string]*cache{}} }

// cacheKinds are the nouns of ElastiCache's operations: the parameter with the name, the part
// of the ARN, and the error for a name that is not there.
var cacheKinds = map[string]struct{ key, arn, missing string }{
	"ReplicationGroup":    {"ReplicationGroupId", "replicationgroup", "ReplicationGroupNotFoundFault"},
	"CacheParameterGroup": {"CacheParameterGroupName", "parametergroup", "CacheParameterGroupNotFound"},
	"CacheSubnetGroup":    {"CacheSubnetGroupName", "subnetgroup", "CacheSubnetGroupNotFoundFault"},
	"CacheParameters":     {"CacheParameterGroupName", "parametergroup", "CacheParameterGroupNotFound"},
}

// cacheOperation is the name of an operation: its verb and its noun.
var cacheOperation = regexp.MustCompile(`^(Create|Describe|Modify|Delete)(ReplicationGroup|CacheParameterGroup|CacheSubnetGroup|CacheParameters)s?$`)

// listed are the elements of a list in a form, each with its members ("" for a plain value):
// Tags.Tag.1.Key is the member Key of the first of Tags.
func listed(form url.Values, name string) (all []map[string]string) {
	byIndex := map[int]map[string]string{}
	for key := range form {
		parts := strings.SplitN(key, ".", 4)
		if len(parts) < 3 || parts[0] != name {
			continue
		}
		i, err := strconv.Atoi(parts[2])
		if err != nil {
			continue
		}
		if byIndex[i] == nil {
			byIndex[i] = map[string]string{}
		}
		byIndex[i][strings.Join(parts[3:], "")] = form.Get(key)
	}
	for _, i := range slices.Sorted(maps.Keys(byIndex)) {
		all = append(all, byIndex[i])
	}
	return all
}

func (caches) mend(_ *call, body []byte) []byte { return body }

func (s caches) answer(c *call) *reply {
	action := c.form.Get("Action")
	if c.form.Get("Version") != "2015-02-02" { // that of ElastiCache; other services have groups and tags too
		return nil
	}
	if strings.Contains(action, "Tags") {
		return s.tags(c, action)
	}
	if action == "DescribeCacheClusters" {
		return s.members(c)
	}
	operation := cacheOperation.FindStringSubmatch(action)
	if operation == nil {
		return nil
	}
	verb, kind := operation[1], cacheKinds[operation[2]]
	arn := "arn:aws:elasticache:" + c.region + ":" + account + ":" + kind.arn + ":" + c.form.Get(kind.key)
	one := s.resources[arn]
	switch {
	case verb == "Create":
		one = &cache{arn: arn, form: c.form, tags: map[string]string{}, set: map[string]string{}}
		one.tag(c.form)
		s.resources[arn] = one
	case one == nil:
		return failure(http.StatusNotFound, kind.missing)
	case verb == "Delete":
		delete(s.resources, arn)
	case verb == "Modify" && kind.arn == "parametergroup":
		for _, p := range listed(c.form, "ParameterNameValues") {
			one.set[p["ParameterName"]] = p["ParameterValue"]
		}
	case verb == "Modify":
		maps.Copy(one.form, c.form)
	}
	return result(action, one.describe(action))
}

func (s caches) tags(c *call, action string) *reply {
	one := s.resources[c.form.Get("ResourceName")]
	if one == nil {
		return failure(http.StatusNotFound, "InvalidARN")
	}
	if action == "AddTagsToResource" {
		one.tag(c.form)
	}
	for _, key := range listed(c.form, "TagKeys") {
		delete(one.tags, key[""])
	}
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(one.tags)) {
		tags = append(tags, element("Tag", value("Key", key), value("Value", one.tags[key])))
	}
	return result(action, element("TagList", tags...))
}

func (c *cache) tag(form url.Values) {
	for _, t := range listed(form, "Tags") {
		c.tags[t["Key"]] = t["Value"]
	}
}

// members are the nodes of a replication group, each a cluster of its own for the API.
func (s caches) members(c *call) *reply {
	id := c.form.Get("CacheClusterId")
	for _, one := range s.resources {
		if group := one.form.Get("ReplicationGroupId"); group != "" && strings.HasPrefix(id, group+"-0") {
			return result("DescribeCacheClusters", one.cluster(id))
		}
	}
	return failure(http.StatusNotFound, "CacheClusterNotFound")
}
