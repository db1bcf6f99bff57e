a: {{ nope .Values }}
