package savedobject

import "jari.example/kibana/board"

// indexRef is the name of a search source's reference to its index pattern.
const indexRef = "kibanaSavedObjectMeta.searchSourceJSON.index"

// panel returns the visualization or saved search of a panel.
func panel(b *board.Board, p *board.Panel) Object {
	source := object{"query": kuery(p.KQL(p.Where)), "filter": []object{}, "indexRefName": indexRef}
	reference := Reference{indexRef, "index-pattern", patternID(p.Index)}
	if p.Type == board.Documents {
		source["highlightAll"], source["version"] = true, true
		return newObject("search", panelID(b, p), object{
			"title": p.Title, "description": "", "hits": 0, "version": 1,
			"columns":               docs(p, p.Columns...),
			"sort":                  [][]string{{docs(p, p.Sort.Field)[0], p.Sort.Order}},
			"kibanaSavedObjectMeta": object{"searchSourceJSON": text(source)},
		}, reference)
	}
	kind, params, aggs := visualization(p)
	references := []Reference{reference}
	if p.Type == board.Ratio {
		// The parameters of a ratio have the index, so its source has none.
		source, references = object{"query": kuery(""), "filter": []object{}}, nil
	}
	return newObject("visualization", panelID(b, p), object{
		"title": p.Title, "description": "", "uiStateJSON": "{}", "version": 1,
		"visState":              text(object{"title": p.Title, "type": kind, "params": params, "aggs": aggs}),
		"kibanaSavedObjectMeta": object{"searchSourceJSON": text(source)},
	}, references...)
}

func docs(p *board.Panel, fields ...string) []string {
	out := []string{}
	for _, name := range fields {
		f, _ := p.Index.Resolve(name) // the board has been checked
		out = append(out, f.Doc)
	}
	return out
}

func agg(id, kind, schema string, params object) object {
	return object{"id": id, "enabled": true, "type": kind, "schema": schema, "params": params}
}

func visualization(p *board.Panel) (kind string, params object, aggs []object) {
	minutes := agg("2", "date_histogram", "segment", object{
		"field": p.Index.Family().Time, "interval": p.Every, "useNormalizedOpenSearchInterval": true,
		"scaleMetricValues": false, "drop_partials": false, "min_doc_count": 1, "extended_bounds": object{},
	})
	switch p.Type {
	case board.Bars:
		var filters []object
		for _, r := range p.By.Ranges {
			from, to := r.From, r.To
			filters = append(filters, object{"label": r.Label, "input": kuery(p.KQL([]board.Condition{
				{Field: p.By.Field, AtLeast: &from}, {Field: p.By.Field, Below: &to}}))})
		}
		return "histogram", axes("histogram", "stacked", "Requests"), []object{
			agg("1", "count", "metric", object{}), minutes, agg("3", "filters", "group", object{"filters": filters})}
	case board.Percentiles:
		return "line", axes("line", "normal", p.Of), []object{
			agg("1", "percentiles", "metric", object{"field": docs(p, p.Of)[0], "percents": p.Percents}), minutes}
	case board.Top:
		return "table", object{"perPage": p.Size, "showPartialRows": false, "showMetricsAtAllLevels": false, "showTotal": false,
				"sort": object{"columnIndex": nil, "direction": nil}, "totalFunc": "sum"}, []object{
				agg("1", "count", "metric", object{}),
				agg("2", "terms", "bucket", object{"field": docs(p, p.By.Field)[0], "size": p.Size, "order": "desc", "orderBy": "1",
					"otherBucket": false, "missingBucket": false})}
	default:
		return "metrics", ratio(p), []object{}
	}
}

// axes are the parameters of a chart with a time axis and one value axis.
func axes(kind, mode, label string) object {
	show := object{"show": true, "truncate": 100}
	return object{
		"type": kind, "addTooltip": true, "addLegend": true, "legendPosition": "right", "times": []any{}, "addTimeMarker": false,
		"grid": object{"categoryLines": false},
		"categoryAxes": []object{{"id": "CategoryAxis-1", "type": "category", "position": "bottom", "show": true, "style": object{},
			"scale": object{"type": "linear"}, "labels": show, "title": object{}}},
		"valueAxes": []object{{"id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value", "position": "left", "show": true, "style": object{},
			"scale": object{"type": "linear", "mode": "normal"}, "labels": show, "title": object{"text": label}}},
		"seriesParams": []object{{"show": true, "type": kind, "mode": mode, "data": object{"id": "1", "label": label},
			"valueAxis": "ValueAxis-1", "drawLinesBetweenPoints": true, "showCircles": true, "lineWidth": 2, "interpolate": "linear"}},
	}
}

// ratio has the parameters of a ratio over the whole time range. Only the time
// series visual builder (TSVB) can divide one count by another.
func ratio(p *board.Panel) object {
	f := p.Index.Family()
	return object{
		"id": p.ID, "type": "metric", "index_pattern": f.Pattern(), "default_index_pattern": f.Pattern(),
		"time_field": f.Time, "default_timefield": f.Time, "interval": "", "time_range_mode": "entire_time_range",
		"axis_position": "left", "axis_formatter": "number", "axis_scale": "normal", "show_legend": 1, "show_grid": 1, "isModelInvalid": false,
		"background_color_rules": []object{{"id": p.ID + "-background"}},
		"series": []object{{
			"id": p.ID + "-series", "label": p.Title, "color": "#68BC00", "split_mode": "everything", "formatter": "0.000%",
			"axis_position": "right", "separate_axis": 0, "chart_type": "line", "line_width": 1, "point_size": 1, "fill": 0.5, "stacked": "none",
			"metrics": []object{{
				"id": p.ID + "-metric", "type": "filter_ratio", "metric_agg": "count",
				"numerator":   kuery(p.KQL(p.Where, p.Total, p.Good)),
				"denominator": kuery(p.KQL(p.Where, p.Total)),
			}},
		}},
	}
}
