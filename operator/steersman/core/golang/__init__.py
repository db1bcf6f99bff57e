"""Go's values and rules in Python: types, truth, comparison, fmt, strconv. Pure; used by templates, YAML and values.

- `types`: how each Go type is carried, and Go's truth
- `kinds`: names of types and kinds, assignability, nil
- `compare`: eq, lt… of templates, reflect.DeepEqual
- `format`: fmt's Sprint, Sprintln, Sprintf
- `numbers`: floats as text, ParseInt, ParseFloat
- `quote`: strconv's Quote and Unquote
- `runes`: unicode's classes and case mapping
- `cast`: anything to int64, float64 or text, as Sprig does
- `durations`, `calendar`, `gotime`, `layouts`, `layout_reader`: time
- `gojson`, `gotoml`, `gourl`, `netip`: encoding/json, BurntSushi/toml, net/url, net/netip
- `goregexp`: regexp, over RE2
"""
