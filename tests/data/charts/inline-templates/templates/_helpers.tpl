{{- define "it.name" -}}{{ .Release.Name }}-it{{- end -}}
{{- define "it.other" -}}other sees {{ include "it.name" . }}{{- end -}}
{{- /* Renders a value that is text or any structure that holds templates. */ -}}
{{- define "it.render" -}}
{{- $value := typeIs "string" .value | ternary .value (.value | toYaml) }}
{{- if contains "{{" (toJson .value) }}
  {{- if .scope }}{{- tpl (cat "{{- with $.RelativeScope -}}" $value "{{- end }}") (merge (dict "RelativeScope" .scope) .context) }}
  {{- else }}{{- tpl $value .context }}{{- end }}
{{- else }}
  {{- $value }}
{{- end }}
{{- end -}}
