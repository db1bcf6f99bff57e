{{- define "fullname" -}}child-{{ .Release.Name }}-{{ .Chart.Name }}{{- end -}}
{{- define "child.only" -}}only in child of {{ .Chart.Name }}{{- end -}}
{{- define "blank.in.parent" -}}from child{{- end -}}
{{- define "hook" -}}child hook{{- end -}}
