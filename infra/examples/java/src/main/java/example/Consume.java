package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cloudevents.CloudEvent;
import io.cloudevents.kafka.KafkaMessageFactory;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Act on answers as a downstream service: each once, whatever is delivered twice.
 *
 * <p>Usage: Consume ACCESS INBOX [--group=GROUP] [--topics=TOPIC,...] [--until=COUNT]
 *
 * <p>INBOX is a file of one line for each event that was acted on: it stands for the table of your service that has the event's id as
 * its key, and that you write in the same transaction as what the answer changes. What cannot be read goes to INBOX.poison.
 */
public final class Consume {
  private Consume() {}

  /** What we act on. `origin` says whose it is: the id and source of our event, our key, our labels. */
  static ObjectNode told(CloudEvent event) throws IOException {
    JsonNode data = Access.JSON.readTree(event.getData().toBytes());
    String[] type = event.getType().split("\\.");
    ObjectNode line = Access.JSON.createObjectNode();
    line.put("id", event.getId()).put("type", type[type.length - 2]).put("job", event.getSubject());
    line.set("origin", data.has("origin") ? data.get("origin") : Access.JSON.createObjectNode());
    line.set("objective", data.get("objective"));
    line.set("code", data.get("code"));
    return line;
  }

  /** Durable before the offsets are. */
  static void append(Path path, List<ObjectNode> lines) throws IOException {
    if (lines.isEmpty()) return;
    try (FileOutputStream file = new FileOutputStream(path.toFile(), true)) {
      for (ObjectNode line : lines) file.write((line + "\n").getBytes(StandardCharsets.UTF_8));
      file.getFD().sync();
    }
  }

  static String option(String[] words, String name, String otherwise) {
    for (String word : words) if (word.startsWith("--" + name + "=")) return word.substring(name.length() + 3);
    return otherwise;
  }

  public static void main(String[] words) throws Exception {
    Path inbox = Path.of(words[1]);
    Path poison = Path.of(words[1] + ".poison");
    long until = Long.parseLong(option(words, "until", String.valueOf(Long.MAX_VALUE)));
    Set<String> seen = new HashSet<>();
    if (Files.exists(inbox)) {
      for (String line : Files.readAllLines(inbox)) seen.add(Access.JSON.readTree(line).get("id").asText());
    }
    Properties settings = Access.kafkaSettings(words[0]);
    settings.put("group.id", option(words, "group", "downstream-orders"));
    settings.put("enable.auto.commit", "false");
    settings.put("auto.offset.reset", "earliest");
    // As bytes: a deserializer that fails would stop the consumer at the same record for ever.
    ByteArrayDeserializer bytes = new ByteArrayDeserializer();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      consumer.subscribe(List.of(option(words, "topics", "jobs.completed,jobs.failed").split(",")));
      while (seen.size() < until) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofSeconds(1));
        List<ObjectNode> fresh = new ArrayList<>();
        List<ObjectNode> unreadable = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : records) {
          try {
            ObjectNode line = told(KafkaMessageFactory.createReader(record).toEvent());
            if (seen.add(line.get("id").asText())) fresh.add(line);
          } catch (Exception error) {
            ObjectNode place = Access.JSON.createObjectNode();
            place.put("topic", record.topic()).put("partition", record.partition()).put("offset", record.offset());
            unreadable.add(place.put("error", error.toString()));
          }
        }
        append(inbox, fresh);
        append(poison, unreadable);
        if (!records.isEmpty()) consumer.commitSync();
      }
    }
  }
}
