package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.util.Properties;

/** How to reach Kafka: the settings of kafka-clients from a file as `queuebit status` names it. */
final class Access {
  static final ObjectMapper JSON = new ObjectMapper();

  private Access() {}

  static Properties kafkaSettings(String path) throws IOException {
    JsonNode found = JSON.readTree(new File(path));
    Properties settings = new Properties();
    settings.put("bootstrap.servers", found.get("bootstrap_servers").asText());
    settings.put("security.protocol", found.get("security_protocol").asText());
    if (found.has("sasl_mechanism")) {
      settings.put("sasl.mechanism", found.get("sasl_mechanism").asText());
      settings.put(
          "sasl.jaas.config",
          String.format(
              "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";",
              found.get("sasl_plain_username").asText(), found.get("sasl_plain_password").asText()));
    }
    if (found.has("ssl_cafile")) {
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.location", found.get("ssl_cafile").asText());
    }
    return settings;
  }
}
