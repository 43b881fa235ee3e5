package example;

import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.message.Encoding;
import io.cloudevents.jackson.JsonFormat;
import io.cloudevents.kafka.CloudEventSerializer;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Ask as an upstream service: one question for each order.
 *
 * <p>Usage: Publish ACCESS TENANT ORDER... [--structured] [--topic=TOPIC]
 */
public final class Publish {
  private Publish() {}

  /** The id is the order's, so that an order that is sent again is the same question. */
  static CloudEvent question(String tenant, String order) throws Exception {
    Map<String, Object> request =
        Map.of(
            "tenant", tenant,
            "lane", "classical",
            "problem",
                Map.of(
                    "kind", "maxcut",
                    "statement", Map.of("nodes", 4, "edges", new int[][] {{0, 1}, {1, 2}, {2, 3}, {3, 0}})),
            "labels", Map.of("order", order));
    return CloudEventBuilder.v1()
        .withType("io.queuebit.JobSubmitted.v1")
        .withSource(URI.create("/orders"))
        .withId(order)
        .withSubject(order)
        .withExtension("tenant", tenant)
        .withData("application/json", Access.JSON.writeValueAsBytes(Map.of("request", request)))
        .build();
  }

  public static void main(String[] words) throws Exception {
    List<String> plain = new ArrayList<>();
    String topic = "jobs.submitted";
    Properties settings = Access.kafkaSettings(words[0]);
    settings.put("key.serializer", StringSerializer.class.getName());
    settings.put("value.serializer", CloudEventSerializer.class.getName());
    for (String word : List.of(words).subList(1, words.length)) {
      if (word.equals("--structured")) {
        settings.put(CloudEventSerializer.ENCODING_CONFIG, Encoding.STRUCTURED);
        settings.put(CloudEventSerializer.EVENT_FORMAT_CONFIG, JsonFormat.CONTENT_TYPE);
      } else if (word.startsWith("--topic=")) {
        topic = word.substring("--topic=".length());
      } else {
        plain.add(word);
      }
    }
    try (KafkaProducer<String, CloudEvent> producer = new KafkaProducer<>(settings)) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (String order : plain.subList(1, plain.size())) {
        sent.add(producer.send(new ProducerRecord<>(topic, order, question(plain.get(0), order))));
      }
      for (Future<RecordMetadata> each : sent) {
        RecordMetadata place = each.get();
        System.out.printf("{\"partition\": %d, \"offset\": %d}%n", place.partition(), place.offset());
      }
    }
  }
}
